import module from 'node:module';
import { rehearseInputs } from '../rehearsal/inputs.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';

/** Absent before Node 22.8. */
interface Caching {
  enableCompileCache?(): void;
}

export const rehearse: Command = {
  does: 'Plays the real actions against a local AWS on this machine, in virtual time; needs no AWS account.',
  options: rehearseInputs,
  notes: [
    'Without options: the main story, six releases with their timelines and a report.',
    'With `--manifest`: one release by a manifest of your own ([Rehearsing your own release](rehearsing.md)).',
    'With `--endpoint`: one release to a live endpoint, which is only read: credentials must allow the actions of docs/permissions/plan.json.',
    'With `--workflow`: a workflow of your own, under [act](https://nektosact.com), for one event after the other ([Rehearsing your own workflow](rehearsing.md#your-own-workflow)).',
  ],
  examples: [
    { line: 'rehearse', does: 'The main story; writes rehearsal/report.html.' },
    { line: 'rehearse --list', does: 'The names of all scenarios.' },
    { line: 'rehearse --scenario canary-errors-rolled-back', does: 'One scenario with its timeline.' },
    { line: 'rehearse --all', does: 'Every scenario, several at a time.' },
    {
      line: 'rehearse --manifest delivery.yml --candidate errors=2% --expect rolled-back',
      does: 'A release by your own manifest, of a version that fails on 2 % of its requests.',
    },
    {
      line: 'rehearse --endpoint churn --candidate latency=300ms',
      does: 'A release to a live endpoint, under its own alarms and traffic.',
    },
    {
      line: 'rehearse --workflow .github/workflows/release.yml --candidate errors=5%',
      does: 'Your own workflow for two pushes, the second with a version that fails on 5 % of its requests.',
    },
  ],
  exits: {
    0: 'all scenarios ended as expected; of your own manifest: the release ended, as `--expect` has it; of your own workflow: every event ended green, with `--expect-red` the last one red',
    1: 'a scenario, the release or the workflow did not end as expected, or Ctrl-C ended the rehearsal',
    2: wrongRequest,
  },
  // Loaded on demand: the commands for AWS need neither the rehearsal nor the simulator.
  run: async (args, host, terminal) => {
    // Half of the time of a small rehearsal is the loading of its own files.
    (module as Caching).enableCompileCache?.();
    const own = host();
    const { signal } = own.cancellation;
    const [{ rehearse }, { removeTemporaryFolders }] = await Promise.all([
      import('../rehearsal/main.ts'),
      import('../rehearsal/temporary-folder.ts'),
    ]);
    const interrupted = new Promise<number>((resolve) =>
      signal.addEventListener(
        'abort',
        () => {
          terminal.err('rehearse: interrupted; nothing of it goes on');
          resolve(1);
        },
        { once: true },
      ),
    );
    try {
      return await Promise.race([
        rehearse(args, terminal, async (region) => {
          const { openWithoutManifest } = await import('./read-only-session.ts');
          const { regionGiven } = await import('../session/region.ts');
          return openWithoutManifest(own, { region: regionGiven(region, own.env) });
        }),
        interrupted,
      ]);
    } catch (error) {
      return reportFailure('rehearse', error, own);
    } finally {
      removeTemporaryFolders();
    }
  },
};
