// The CDK app, run by `npx cdk synth` and `npx cdk deploy`. It only starts what slipway-app.ts builds,
// so that tests build the very same thing.
import { App } from 'aws-cdk-lib';
import { buildSlipway } from './slipway-app.ts';

const app = new App();
buildSlipway(app);
app.synth();
