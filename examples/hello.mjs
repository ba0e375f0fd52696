// The program of the `hello` container. It needs no library of Slipway's or Prefect's: output becomes log lines, and
// exit code 0 ends the run as Completed.

import { env } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const { PREFECT__DEPLOYMENT_NAME: deployment, PREFECT__FLOW_RUN_ID: run } = env;

console.log(`hello from deployment ${deployment}, run ${run}`);
for (const step of [1, 2, 3]) {
  await pause(200);
  console.log(`step ${step} of 3`);
}
