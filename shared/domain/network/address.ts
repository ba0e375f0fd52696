// What kind of network an IP address belongs to: what users make us send must not reach the machine that sends it.

export type AddressKind =
  /** The machine itself, or what answers with its credentials. */
  'machine' | 'private' | 'public';

/** @param address a textual IPv4 or IPv6 address */
export function kindOfAddress(address: string): AddressKind {
  const text = address
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '');
  return text.includes(':') ? kindOf6(text) : kindOf4(text);
}

type Range = readonly [network: string, bits: number];

/** This network, loopback, link-local with the metadata of AWS and ECS, and that of other clouds. */
const machine4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
];
const private4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

function kindOf4(address: string): AddressKind {
  const value = number4(address);
  if (value === undefined) return 'machine';
  const isIn = ([network, bits]: Range) =>
    Math.floor(value / 2 ** (32 - bits)) === Math.floor((number4(network) ?? 0) / 2 ** (32 - bits));
  if (machine4.some(isIn)) return 'machine';
  return private4.some(isIn) ? 'private' : 'public';
}

function number4(address: string): number | undefined {
  const parts = address.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN));
  if (parts.length !== 4 || parts.some((part) => !(part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function kindOf6(address: string): AddressKind {
  const groups = groups6(address);
  if (groups === undefined) return 'machine';
  const inner = innerAddress(groups);
  if (inner !== undefined) return kindOf4(inner);
  const [first = 0] = groups;
  const isZero = groups.slice(0, 7).every((group) => group === 0);
  // ::, ::1, fe80::/10, and the metadata address of EC2.
  if (isZero || (first & 0xffc0) === 0xfe80) return 'machine';
  if (first === 0xfd00 && groups[1] === 0xec2) return 'machine';
  const isPrivate =
    (first & 0xfe00) === 0xfc00 ||
    (first & 0xff00) === 0xff00 ||
    (first & 0xffc0) === 0xfec0 ||
    (first === 0x2001 && groups[1] === 0xdb8);
  return isPrivate ? 'private' : 'public';
}

/** The IPv4 address that an IPv6 one stands for: mapped, compatible, NAT64, 6to4. */
function innerAddress(groups: readonly number[]): string | undefined {
  const [first = 0, second = 0, third = 0] = groups;
  const isMapped =
    groups.slice(0, 5).every((group) => group === 0) &&
    (groups[5] === 0xffff || (groups[5] === 0 && (groups[6] ?? 0) !== 0));
  const isTranslated = first === 0x64 && second === 0xff9b;
  if (isMapped || isTranslated) return text4(groups[6] ?? 0, groups[7] ?? 0);
  return first === 0x2002 ? text4(second, third) : undefined;
}

function text4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function groups6(address: string): readonly number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const value = dotted === null ? undefined : number4(dotted[2] ?? '');
  const text =
    value === undefined
      ? address
      : `${dotted?.[1]}${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;
  const [left = '', right] = text.split('::');
  const read = (part: string) =>
    part === ''
      ? []
      : part.split(':').map((group) => (/^[0-9a-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : Number.NaN));
  const [head, tail] = [read(left), read(right ?? '')];
  const missing = 8 - head.length - tail.length;
  const groups =
    right === undefined ? head : [...head, ...Array.from({ length: Math.max(0, missing) }, () => 0), ...tail];
  return groups.length === 8 && groups.every((group) => !Number.isNaN(group)) ? groups : undefined;
}
