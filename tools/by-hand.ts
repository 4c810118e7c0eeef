/**
 * Plays both walks of docs/simulator.md, as they stand there, against `model-delivery simulator`: the AWS CLI makes an endpoint, and the
 * command line delivers to it. Then boto3 makes another one (tools/by-hand.py).
 *
 *   node tools/by-hand.ts       needs `aws` and python3 with boto3 (tools/install-verifiers.sh), and the built command line
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksBelow, openWalk, readPage, root } from './walk.ts';

const page = readPage('simulator.md');
const [[start = '', ...more] = []] = blocksBelow(page, '## Run it by hand');
if (more.length > 0) throw new Error('the first block starts the simulator and nothing else');
const { folder, said, expect, run, end } = await openWalk(start);

const walk = (heading: string): string => {
  const [lines = []] = blocksBelow(page, heading);
  expect(`${heading}: ten lines`, lines.length === 10);
  return lines.map(run).at(-1) ?? '';
};

walk('### Ten lines to an endpoint');
const made = run('aws sagemaker describe-endpoint --endpoint-name churn');
expect('the endpoint is InService', /"EndpointStatus": "InService"/.test(made));
const delivered = walk('### Ten lines to a delivery');
const answer = join(folder, 'answer.csv');
expect('the stand-in answers', existsSync(answer) && readFileSync(answer, 'utf8').trim() === 'setosa');
expect('the delivery serves', /"EndpointConfigName": "churn-2-0-0-/.test(delivered) && /InService/.test(delivered));
run(`python3 ${join(root, 'tools/by-hand.py')}`);
await end(() =>
  expect(
    'it said that a stand-in serves',
    said.some((line) => line.startsWith('a stand-in serves')),
  ),
);
