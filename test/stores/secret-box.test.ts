// Both secret boxes: the key file on a real disk, KMS over the wire.
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeSecretKey } from '../../local/secret-key.ts';
import { createKeyFileSecretBox } from '../../shared/adapters/secret-box/key-file.ts';
import { createKmsSecretBox } from '../../shared/adapters/secret-box/kms.ts';
import { createSecretBox } from '../../shared/adapters/secret-box/secret-box.ts';
import type { SecretBox } from '../../shared/ports/secret-box.ts';
import { type FakeKms, startFakeKms } from '../support/fake-kms.ts';
import { tempDir } from '../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof tempDir>>;
let kms: FakeKms;
let now = 0;
beforeAll(async () => {
  folder = await tempDir('slipway-secrets-');
  kms = await startFakeKms();
});
afterAll(async () => {
  await kms.close();
  await folder.remove();
});
beforeEach(() => {
  kms.calls.length = 0;
  now = 1_000_000;
});

const fileBox = (name: string) => createKeyFileSecretBox(makeSecretKey(path.join(folder.path, name)));
const kmsBox = () => createKmsSecretBox({ keyArn: kms.keyArn, now: () => now });

describe.each<[string, () => SecretBox]>([
  ['a key file', () => fileBox('shared')],
  ['KMS', kmsBox],
])('a secret box with %s', (_what, make) => {
  // What is sealed is base64, in which no text with a blank can stand by chance.
  it.each(['', 'hush, hush', 'ü 🚀 \u0000', 'x'.repeat(200_000)])('opens what it sealed', async (text) => {
    const sealed = await make().seal(text, 'place');

    expect(await make().open(sealed, 'place')).toBe(text);
    expect(text === '' || !sealed.includes(text)).toBe(true);
  });

  it('seals one text differently each time', async () => {
    const box = make();

    expect(await box.seal('hush', 'place')).not.toBe(await box.seal('hush', 'place'));
  });

  it('does not open at another place, nor what was changed, and tells nothing of the text', async () => {
    const sealed = await make().seal('hush', 'place');
    const changed = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;

    await expect(make().open(sealed, 'elsewhere')).rejects.toThrow(/^the secret of elsewhere cannot be opened/);
    await expect(make().open(changed, 'place')).rejects.not.toThrow(/hush/);
    await expect(make().open('nonsense', 'place')).rejects.toThrow('was not sealed');
  });
});

describe('a key file', () => {
  it("is made once, the owner's alone", async () => {
    const file = path.join(folder.path, 'made');

    makeSecretKey(file);
    const first = await readFile(file, 'utf8');
    makeSecretKey(file);

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(first);
  });

  it('is refused when others can read it, and when it holds no key', async () => {
    const open = makeSecretKey(path.join(folder.path, 'open'));
    await chmod(open, 0o644);
    const short = path.join(folder.path, 'short');
    await writeFile(short, 'c2hvcnQ=', { mode: 0o600 });

    await expect(createKeyFileSecretBox(open).seal('x', 'p')).rejects.toThrow('has mode 644, wanted 600');
    await expect(createKeyFileSecretBox(short).seal('x', 'p')).rejects.toThrow('holds 5 bytes, wanted 32');
  });

  it('of another stack opens nothing', async () => {
    const sealed = await fileBox('one').seal('hush', 'place');

    await expect(fileBox('other').open(sealed, 'place')).rejects.toThrow('cannot be opened');
  });
});

describe('KMS', () => {
  it('is asked for one data key for many texts, and again when its time is over', async () => {
    const box = kmsBox();

    await Promise.all(Array.from({ length: 20 }, (_, at) => box.seal(`text ${at}`, 'place')));
    now += 300_000;
    await box.seal('later', 'place');

    expect(kms.calls.map(({ operation }) => operation)).toEqual(['GenerateDataKey', 'GenerateDataKey']);
  });

  it('is asked to open a data key once, and again when its time is over', async () => {
    const sealed = await kmsBox().seal('hush', 'place');
    const box = kmsBox();
    kms.calls.length = 0;

    await Promise.all([box.open(sealed, 'place'), box.open(sealed, 'place')]);
    now += 300_000;
    await box.open(sealed, 'place');

    expect(kms.calls.map(({ operation }) => operation)).toEqual(['Decrypt', 'Decrypt']);
  });

  it('never sees a text, and always the same context', async () => {
    const sealed = await kmsBox().seal('hush', 'place');
    await kmsBox().open(sealed, 'place');

    expect(JSON.stringify(kms.calls)).not.toContain(Buffer.from('hush').toString('base64').slice(0, 5));
    expect(kms.calls.map(({ context }) => context)).toEqual(Array(2).fill({ 'slipway:purpose': 'blocks' }));
  });

  it('may fail once without being remembered for it', async () => {
    const box = kmsBox();
    kms.failNext('AccessDeniedException');

    await expect(box.seal('x', 'place')).rejects.toThrow('AccessDeniedException');
    expect(await box.open(await box.seal('x', 'place'), 'place')).toBe('x');
  });
});

it('is chosen by the environment, and missing in none', async () => {
  const byFile = createSecretBox({ SLIPWAY_SECRET_KEY_FILE: makeSecretKey(path.join(folder.path, 'env')) }, () => now);
  const byArn = createSecretBox({ SLIPWAY_SECRET_KEY_ARN: kms.keyArn }, () => now);

  expect(await byFile.seal('x', 'p')).toMatch(/^file1\./);
  expect(await byArn.seal('x', 'p')).toMatch(/^kms1\./);
  expect(() => createSecretBox({}, () => now)).toThrow('no key for secrets is named');
});
