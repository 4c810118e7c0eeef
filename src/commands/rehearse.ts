import { rehearseInputs } from '../rehearsal/inputs.ts';
import { type Command, wrongRequest } from './command.ts';

export const rehearse: Command = {
  does: 'Plays the real actions against a local AWS on this machine, in virtual time; needs no AWS account.',
  options: rehearseInputs,
  notes: ['Without options: the main story, six releases with their timelines and a report.'],
  examples: [
    { line: 'rehearse', does: 'The main story; writes rehearsal/report.html.' },
    { line: 'rehearse --list', does: 'The names of all scenarios.' },
    { line: 'rehearse --scenario canary-errors-rolled-back', does: 'One scenario with its timeline.' },
    { line: 'rehearse --all', does: 'Every scenario, several at a time.' },
  ],
  exits: { 0: 'all scenarios ended as expected', 1: 'a scenario did not end as expected', 2: wrongRequest },
  // Loaded on demand: the commands for AWS need neither the rehearsal nor the simulator.
  run: async (args, _host, terminal) => (await import('../rehearsal/main.ts')).rehearse(args, terminal),
};
