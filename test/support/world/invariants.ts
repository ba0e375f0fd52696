// What must be true of every history, whatever was injected. Each invariant has a name, by which sabotages say what
// must catch them.

const invariants = [
  'every accepted run ended',
  'a run has one open attempt at most',
  'an attempt has one task at most',
  'attempt numbers never repeat',
  'an attempt is closed only when its task is known to be over',
  'no word of a stale attempt takes effect',
  'no transition is illegal',
  'no write is lost',
  'a field of another release is kept',
  'no limit is exceeded',
  'no slot outlives its right',
  'every task of a run that is over is stopped',
  'only tasks that nobody wants are stopped',
  'no user retry is lost',
  'a run ends as its task did',
  'a crash is believed only when the task is over',
  'what a client was told is true',
  'a key starts one run',
  'nothing is launched while launches are frozen',
  'counters equal the truth',
  'every state is told',
  'nothing fails but what the plan fails',
] as const;
export type Invariant = (typeof invariants)[number];

export type Violation = { readonly invariant: Invariant; readonly what: string; readonly at?: number };
