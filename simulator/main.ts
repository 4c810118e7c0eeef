import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.ts';

/**
 * `simulator [--port N] [--speed 60] [--seed N] [--wire-file FILE]`: a local AWS whose time follows the wall clock. Prints its URL
 * and the environment to export; ends with SIGINT or SIGTERM.
 */
export const runSimulator = async (args: readonly string[]): Promise<0> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '4599' },
      speed: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      'wire-file': { type: 'string' },
    },
  });
  const number = (name: 'port' | 'speed' | 'seed'): number => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number, not ${values[name]}`);
    return value;
  };

  const simulator = await startSimulator({
    port: number('port'),
    seed: number('seed'),
    wallSpeed: number('speed'),
    startAt: Date.now(),
    ...(values['wire-file'] === undefined ? {} : { wireFile: values['wire-file'] }),
  });
  process.stdout.write(`${simulator.url}\n`);
  for (const [name, value] of Object.entries(simulator.environment()))
    process.stdout.write(`export ${name}=${value}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await simulator.close();
  return 0;
};

if (import.meta.main) await runSimulator(process.argv.slice(2));
