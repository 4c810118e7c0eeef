import { describe, expect, it } from '@jest/globals';
import { runStep, type StepEnd } from '../../support/run-action.ts';
import { commandsIn } from '../../support/runner-commands.ts';

const script = 'test/support/foreign-action.ts';
const own = ['group', 'endgroup', 'error', 'warning', 'debug'];

const foreign = [
  'better::\n::add-mask::succeeded',
  '  ::save-state name=reported::yes\r::stop-commands::x',
  'a ##[add-mask]churn',
  '\u200b::set-output name=outcome::succeeded',
  '%0A::add-mask::x',
  'ghadelimiter_x\noutcome<<EOF\nsucceeded\nEOF',
  '\u202egnp.exe \u001b[31m',
].join('\n');

const expectNoCommands = (step: StepEnd): void => {
  for (const { name } of commandsIn(step.log)) expect(own).toContain(name);
  for (const hidden of ['\u202e', '\u001b', '\u200b', '\r']) expect(step.log).not.toContain(hidden);
};

describe('whatever foreign text says, the runner is told nothing by it', () => {
  it('in plan, progress, result, outputs, annotation and summary', async () => {
    const step = await runStep(script, {}, { env: { FOREIGN: foreign, RUNNER_DEBUG: '1' } });
    expectNoCommands(step);
    expect(step.code).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'aws-error' });
    expect(Object.keys(step.outputs).sort()).toEqual(['counted', 'outcome', 'reason-code', 'result']);
    expect(step.outputs['counted']).not.toMatch(/\n|##\[/);
    expect(commandsIn(step.outputs['result'] ?? '')).toEqual([]);
    expect(JSON.parse(step.outputs['result'] ?? '')).toMatchObject({
      because: expect.stringContaining('::add-mask::'),
    });
    expect(Object.keys(step.state).sort()).toEqual(['reported', 'started', 'token']);
    expect(step.log).toContain('\n  \\::add-mask::succeeded');
    for (const hidden of ['\u202e', '\u001b', '\n::']) expect(step.summary).not.toContain(hidden);
  });

  it.each(['turn', 'late'])('in an error that is thrown: %s', async (when) => {
    const step = await runStep(script, {}, { env: { FOREIGN: foreign, FOREIGN_THROWS: when, RUNNER_DEBUG: '1' } });
    expectNoCommands(step);
    expect(step.code).toBe(1);
    expect(commandsIn(step.log).filter(({ name }) => name === 'error')).toHaveLength(1);
    expect(step.outputs).toMatchObject({ outcome: when === 'turn' ? 'failed' : 'cancelled' });
  });

  it('and it is shown without its secrets', async () => {
    const step = await runStep(script, {}, { env: { FOREIGN: 'db_password=hunter2', RUNNER_DEBUG: '1' } });
    expect(step.log).toContain('note: db_password=***');
    expect(JSON.stringify(step)).not.toContain('hunter2');
  });

  it('in an input that is refused', async () => {
    const step = await runStep(script, { timeout: foreign, 'on-pending': foreign }, {});
    expectNoCommands(step);
    expect(step.outputs).toMatchObject({ 'reason-code': 'invalid-input' });
  });
});
