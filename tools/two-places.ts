import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startSimulator } from '../simulator/simulator.ts';

/** Two accounts and two regions in one simulator, asked by AWS's own Python client: `node tools/two-places.ts <python>`. */
const [python = 'python3'] = process.argv.slice(2);
const accounts = ['999988887777', '444455556666'];
const simulator = await startSimulator({
  wallSpeed: 1,
  startAt: Date.now(),
  roles: accounts.map((account) => `arn:aws:iam::${account}:role/places`),
});
simulator.images.tag(`${accounts[0]}.dkr.ecr.eu-west-1.amazonaws.com/churn:1`, `sha256:${'5e'.repeat(32)}`);
const program = spawn(python, [new URL('two-places.py', import.meta.url).pathname], {
  env: { ...process.env, ...simulator.environment() },
  stdio: 'inherit',
});
const [code] = await once(program, 'exit');
await simulator.close();
process.exitCode = code ?? 1;
