import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minutes, seconds } from '../../clock.ts';
import { packageEvent } from '../package-event.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { decides } from './approval.ts';
import { carriedOut, deliver, delivered, inProduction, isEnd, type Require, type Scenario } from './scenario.ts';

/** The number of the second package, which the approver rejects. */
const rejectedPackage = 2;
const file = 'event.json';

/** 1.1.0 serves after 1.0.0, and its approver rejects it some time later. */
const rejectedInProduction = async (stage: Stage, require: Require): Promise<void> => {
  await inProduction(stage, require);
  const better = await deliver(stage, 'A version that turns out wrong', '1.1.0');
  require(isEnd(better, delivered), 'the version is delivered');
  await stage.driver.until(stage.driver.now() + minutes(30));
  await decides(stage, 'Rejected');
};

/** The workflow that EventBridge's rule starts has the event in a file. */
const arrives = async (stage: Stage): Promise<void> =>
  writeFileSync(join(stage.workspace, file), await packageEvent(stage.simulator, rejectedPackage));

const begins = (stage: Stage, title: string): Promise<RehearsedRelease> => stage.begin(title, '1.0.0');

export const approvedFlipsToRejected: Scenario = {
  name: 'approved-flips-to-rejected-rolls-back',
  about:
    'The approver rejects the version that serves; EventBridge’s event takes production back to the version before, without staging.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    await rejectedInProduction(stage, require);
    await arrives(stage);
    const undo = await begins(stage, 'The event of the rejection');
    await undo.run('rollback', { 'only-rejected': 'true', event: file });
    const ending = await undo.end();
    require(ending.after?.version === '1.0.0', `the version before serves: ${ending.after?.version}`);
    require(carriedOut(undo, 'UpdateEndpoint') === 1, 'by one update');
    require(/mislabelled/.test(
      ending.result?.plan?.title ?? '',
    ), `with the approver’s reason: ${ending.result?.plan?.title}`);
    return undo;
  },
};

export const staleEventIgnored: Scenario = {
  name: 'stale-event-ignored',
  about:
    'The event of a rejection arrives late, when the version is approved again: the registry decides, and nothing changes.',
  expected: { outcome: 'succeeded', reasonCode: 'not-rejected' },
  play: async (stage, require) => {
    await rejectedInProduction(stage, require);
    await arrives(stage);
    await stage.driver.until(stage.driver.now() + minutes(2));
    await decides(stage, 'Approved');
    const late = await begins(stage, 'The event, late');
    await late.run('rollback', { 'only-rejected': 'true', event: file });
    const ending = await late.end();
    require(ending.after?.version === '1.1.0', `the approved version serves on: ${ending.after?.version}`);
    require(ending.because.includes('is Approved'), `the report has the reason: ${ending.because}`);
    return late;
  },
};

export const duplicateEventOnce: Scenario = {
  name: 'duplicate-event-once',
  about:
    'EventBridge delivers one rejection three times, twice at the same time: the endpoint is updated once, and every run ends green.',
  expected: { outcome: 'succeeded', reasonCode: 'serves-nowhere' },
  play: async (stage, require) => {
    await rejectedInProduction(stage, require);
    await arrives(stage);
    const first = await begins(stage, 'The event');
    const second = await begins(stage, 'The same event, a second later');
    const one = first.start('rollback', { 'only-rejected': 'true', event: file });
    await stage.driver.until(stage.driver.now() + seconds(1));
    const two = second.start('rollback', { 'only-rejected': 'true', event: file });
    await first.finish(one);
    await second.finish(two);
    await first.end();
    await second.end();
    require(isEnd(first, { outcome: 'succeeded', reasonCode: 'restored' }), `it goes back: ${first.ending?.because}`);
    require(isEnd(second, {
      outcome: 'succeeded',
      reasonCode: 'serves-nowhere',
    }), `the second run waits, and finds the version gone: ${second.ending?.because}`);
    const third = await begins(stage, 'The same event, later');
    await third.run('rollback', { 'only-rejected': 'true', event: file });
    await third.end();
    require([first, second, third].map((release) => carriedOut(release, 'UpdateEndpoint')).join() ===
      '1,0,0', 'one update in all');
    return third;
  },
};
