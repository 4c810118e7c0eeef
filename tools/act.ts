/**
 * Runs the reusable workflow as GitHub would, step by step under act, against the local AWS: register → gate → deploy, once to
 * a green end and once with a model that fails, then a rollback; then with a regression test: one version fails, one passes, a dark one fails.
 *
 *   node tools/act.ts            needs `act` on the PATH (tools/install-verifiers.sh); no Docker
 */
import { goldenSet, type IrisVersion } from '../simulator/fixtures/fixtures.ts';
import { minutes } from '../src/clock.ts';
import { manifestText, rehearsedTeam, rollouts } from '../src/rehearsal/manifest.ts';
import { expectations, openActWorkspace, planner, type Reported, tester, type With } from './act-workspace.ts';

const regressionTest = `\
regression:
  task: multiclass-classification
  dataset: golden.csv
  rules: [{ metric: accuracy, non-inferior: { margin: 0.1 } }]
  request: { content-type: text/csv, input: [sepal_length, sepal_width, petal_length, petal_width] }
`;

const workspace = await openActWorkspace({ manifest: manifestText(), roles: [tester] });
workspace.permit(planner, 'plan', 'register-model');
workspace.permit('model-deployer', 'deploy-endpoint');
workspace.permit('model-restorer', 'rollback');
workspace.permit(tester, 'regression-test');

const registered = (version: IrisVersion): With => ({ version, ...workspace.registration(version) });

const { expect, failures } = expectations();
const expectEnd = async (
  title: string,
  given: With,
  ended: Reported['ended'],
  end: string,
  serving: string,
): Promise<void> => {
  const called = { environment: rehearsedTeam.environment, 'planner-role': planner, ...given };
  const found = await workspace.call(title, { workflow: 'deliver', with: called });
  expect(
    title,
    `${found.ended} ${found.outcome}/${found['reason-code']} serving ${found['serving-version'] || 'unknown'}`,
    `${ended} ${end} serving ${serving || 'unknown'}`,
  );
};

try {
  const first = registered('1.0.0');
  await expectEnd('it has no approval yet', first, 'red', 'pending/approval-pending', '');
  await workspace.approve();
  await expectEnd('first deployment', first, 'green', 'succeeded/delivered', '1.0.0');

  workspace.traffic(rehearsedTeam);
  await workspace.pass(minutes(20));

  const approved = { 'approval-status': 'Approved' };
  await expectEnd('a better version', { ...registered('1.1.0'), ...approved }, 'green', 'succeeded/delivered', '1.1.0');
  await expectEnd('5 % errors', { ...registered('1.4.0'), ...approved }, 'red', 'rolled-back/alarm', '1.1.0');
  await expectEnd('rollback', { rollback: true, version: '1.0.0' }, 'green', 'succeeded/restored', '1.0.0');

  workspace.write('delivery.yml', `${manifestText()}${regressionTest}`);
  workspace.write('golden.csv', goldenSet('iris').content);
  const tested = { ...approved, 'tester-role': tester };
  await expectEnd('worse by its test', { ...registered('1.2.0'), ...tested }, 'red', 'rejected/regression-failed', '');
  await expectEnd('tested', { ...registered('1.3.0'), ...tested }, 'green', 'succeeded/delivered', '1.3.0');

  // The failures of the version that was taken back are part of the day before, so a proof takes longer.
  const dark = `${manifestText({ rollout: `${rollouts.steps}, max-step: 2h` })}${regressionTest}  candidate: dark-variant\n`;
  workspace.write('delivery.yml', dark);
  workspace.permit('model-deployer', 'regression-test');
  const safe = { version: '1.2.0', 'rollback-on-failure': true };
  // The last words are those of the step that takes the candidate away.
  await expectEnd('worse while dark', safe, 'red', 'succeeded/candidate-withdrawn', '1.3.0');
  const left = await workspace.simulator.call('sagemaker', 'ListEndpoints', {});
  const names = (left['Endpoints'] as { EndpointName: string }[]).map(({ EndpointName }) => EndpointName);
  expect('the endpoints that are left', names.join(), rehearsedTeam.endpoint);
} finally {
  await workspace.close();
}
process.exitCode = failures() === 0 ? 0 : 1;
