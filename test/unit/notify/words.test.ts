import { expect, test } from '@jest/globals';
import type { Notice } from '../../../src/notify/notice.ts';
import {
  chatMessage,
  eventDetail,
  plainText,
  slackMessage,
  subjectOf,
  teamsMessage,
} from '../../../src/notify/words.ts';

const notice: Notice = {
  id: 'churn-1.4.0-0a1b2c3d-7/step-taken-2',
  event: 'step-taken',
  at: Date.parse('2026-01-05T10:00:00Z'),
  title: 'churn 1.4.0, production: 25 % of the traffic',
  text: '1.4.0 has 25 % of the traffic of churn.',
  thread: 'churn-1.4.0-0a1b2c3d-6',
  facts: {
    model: 'churn',
    environment: 'production',
    version: '1.4.0',
    operation: 'shift-traffic',
    endpoint: 'churn',
    release: 'churn-1.4.0-0a1b2c3d-7',
    share: 0.25,
    console: 'https://console.example/endpoints/churn',
    run: 'https://github.example/runs/1',
  },
};
/** Foreign text that would mention everyone, link elsewhere, or reverse a line. */
const foreign = { ...notice, text: 'see <!channel> & [here](https://evil.example) \u202e' };

test('mail has sentences, links, and the id in its last line', () => {
  expect(subjectOf(notice)).toBe('churn 1.4.0, production: 25 % of the traffic');
  expect(plainText(notice).split('\n')).toEqual([
    'churn 1.4.0, production: 25 % of the traffic.',
    '1.4.0 has 25 % of the traffic of churn.',
    '',
    'Endpoint: https://console.example/endpoints/churn',
    'Run: https://github.example/runs/1',
    'Event: step-taken, 2026-01-05T10:00:00Z, churn-1.4.0-0a1b2c3d-7/step-taken-2',
  ]);
});

test('a subject is ASCII on one line, and shorter than SNS allows', () => {
  const subject = subjectOf({ ...notice, title: `é\n${'x'.repeat(200)}` });
  expect(subject).toMatch(/^\?x+$/);
  expect(subject.length).toBeLessThan(100);
});

test('a program gets the facts, and the version of their form', () => {
  expect(eventDetail(notice)).toEqual({
    'schema-version': 1,
    id: notice.id,
    event: 'step-taken',
    at: '2026-01-05T10:00:00Z',
    title: notice.title,
    text: notice.text,
    ...notice.facts,
  });
});

test('Amazon Q gets a custom notification, whose thread is that of the delivery', () => {
  expect(chatMessage(notice)).toMatchObject({
    version: '1.0',
    source: 'custom',
    id: notice.id,
    content: { textType: 'client-markdown', title: notice.title, keywords: ['churn', 'production'] },
    metadata: { threadId: 'churn-1.4.0-0a1b2c3d-6', eventType: 'step-taken' },
  });
});

test('foreign text mentions nobody, links nowhere and hides nothing', () => {
  const slack = JSON.stringify(slackMessage(foreign));
  expect(slack).not.toContain('<!channel>');
  expect(slack).toContain('&lt;!channel&gt; &amp;');
  expect(slack).toContain('<https://console.example/endpoints/churn|Endpoint>');
  expect(JSON.stringify(chatMessage(foreign))).not.toContain('<!channel>');
  const teams = JSON.stringify(teamsMessage(foreign));
  expect(teams).not.toContain(' [here]');
  expect(teams).toContain('\\\\[here\\\\]');
  // A backslash of theirs would take the force of ours.
  expect(JSON.stringify(teamsMessage({ ...notice, text: String.raw`\[here\](https://evil.example)` }))).toContain(
    JSON.stringify(String.raw`\\\[here\\\](https://evil.example)`),
  );
  for (const text of [slack, teams, plainText(foreign)]) expect(text).not.toContain('\u202e');
});

test('foreign text imitates no line of a message', () => {
  const text = 'wrong\nRun: https://evil.example';
  expect(plainText({ ...notice, text }).split('\n')).toContain('wrong\\nRun: https://evil.example');
  const { text: fallback } = slackMessage({ ...notice, text }) as { readonly text: string };
  expect(fallback).toContain('wrong\\nRun: https://evil.example');
});

test('Slack makes no mention and no link of plain words', () => {
  const { blocks } = slackMessage({ ...notice, text: '@here, see https://evil.example' }) as {
    readonly blocks: readonly object[];
  };
  expect(blocks[0]).toMatchObject({ text: { type: 'mrkdwn', verbatim: true } });
});

// An escaped character has up to five.
test.each(['x'.repeat(9000), '<'.repeat(9000), '&'.repeat(9000), `x${'<'.repeat(9000)}`])(
  'a long text is cut to the length that a receiver takes, between two characters: %.2s',
  (long) => {
    const { text, blocks } = slackMessage({ ...notice, text: long }) as {
      readonly text: string;
      readonly blocks: readonly { readonly text?: { readonly text: string } }[];
    };
    const shown = blocks[0]?.text?.text ?? '';
    expect(shown.length).toBeLessThanOrEqual(3000);
    for (const one of [text, shown]) expect(one).toMatch(/(x|&lt;|&amp;)$/);
  },
);
