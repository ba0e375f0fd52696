// How a flow run was launched, attempt by attempt.
import type { attemptRoutes } from '../../../shared/contract/attempts.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { ApiDeps } from '../deps.ts';
import { found } from '../refusal.ts';
import { attemptToWire } from '../wire/attempts.ts';

export const attemptHandlers = {
  async read_flow_run_attempts({ params }, { runs }) {
    const [run, attempts] = await Promise.all([runs.read(params.id), runs.readAttempts(params.id)]);
    found(run, 'Flow run not found');
    return attempts.map(attemptToWire);
  },
} satisfies Handlers<typeof attemptRoutes, ApiDeps>;
