import { iso } from '../clock.ts';
import { beginning, oneLine, visible } from '../plain-text.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Notice } from './notice.ts';

/** Longest texts that the receivers take, or show. */
const longest = {
  /** API reference, Publish, Subject: fewer than 100 characters. */
  subject: 99,
  /** Slack: "Reference: Section block", text. Of the others more is not known; a sentence of this length is read by nobody. */
  text: 2900,
} as const;

const linksOf = ({ facts: { console, run } }: Notice): readonly (readonly [title: string, address: string])[] => [
  ...(console === undefined ? [] : [['Endpoint', console] as const]),
  ...(run === undefined ? [] : [['Run', run] as const]),
];

/** A second line of foreign text could imitate one of the message's own. */
const shown = ({ text }: Notice): string => beginning(oneLine(text), longest.text);

/** SNS takes ASCII alone everywhere (API reference, Publish, Subject, in its older form). */
export const subjectOf = ({ title }: Notice): string =>
  beginning(title.replace(/[^\x20-\x7e]+/g, '?'), longest.subject);

/** For mail: sentences, addresses, and the id in the last line. */
export const plainText = (notice: Notice): string =>
  [
    `${notice.title}.`,
    shown(notice),
    '',
    ...linksOf(notice).map(([title, address]) => `${title}: ${address}`),
    `Event: ${notice.event}, ${iso(notice.at)}, ${notice.id}`,
  ].join('\n');

/** A custom notification of Amazon Q Developer in chat applications (administrator guide, "Custom notifications"). */
export const chatMessage = (notice: Notice): object => {
  const { id, event, title, thread, facts } = notice;
  const links = linksOf(notice).map(([name, address]) => `<${address}|${name}>`);
  return {
    version: '1.0',
    source: 'custom',
    id,
    content: {
      textType: 'client-markdown',
      title: beginning(visible(title), 250),
      description: [escapedText(notice), ...links].join('\n'),
      keywords: [facts.model, facts.environment],
    },
    // Messages of one delivery make one thread, where the channel allows it.
    metadata: withoutUndefined({ threadId: thread, summary: beginning(visible(title), 250), eventType: event }),
  };
};

/** Slack: "Sending messages using incoming webhooks", "Formatting text for app surfaces", and "Text object": `verbatim` leaves plain words as they are. */
export const slackMessage = (notice: Notice): object => {
  const title = escaped(visible(notice.title));
  const text = escapedText(notice);
  const links = linksOf(notice).map(([name, address]) => `<${address}|${name}>`);
  const context = [...links, `${notice.event} ${iso(notice.at)}`, notice.id].join('  ·  ');
  return {
    text: `${title}: ${text}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${title}*\n${text}`, verbatim: true } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  };
};

/** Foreign text mentions nobody and links nowhere. */
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** The receivers count the escaped characters. No part of one is left at the end. */
const escapedText = (notice: Notice): string =>
  beginning(escaped(oneLine(notice.text)), longest.text).replace(/&[a-z]*$/, '');

/** Microsoft Learn: "Create incoming webhooks with Workflows", an Adaptive Card in a message. */
export const teamsMessage = (notice: Notice): object => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          { type: 'TextBlock', weight: 'Bolder', wrap: true, text: withoutLinks(visible(notice.title)) },
          { type: 'TextBlock', wrap: true, text: withoutLinks(shown(notice)) },
          {
            type: 'TextBlock',
            isSubtle: true,
            size: 'Small',
            wrap: true,
            text: `${notice.event} ${iso(notice.at)} · ${withoutLinks(notice.id)}`,
          },
        ],
        actions: linksOf(notice).map(([title, url]) => ({ type: 'Action.OpenUrl', title, url })),
      },
    },
  ],
});

/** A text block reads Markdown, in which foreign text could make a link. */
const withoutLinks = (text: string): string => text.replace(/[[\]\\]/g, '\\$&');

/** For programs. `schema-version` rises when a member changes its meaning. */
export const eventDetail = ({ id, event, at, title, text, facts }: Notice): object => ({
  'schema-version': 1,
  id,
  event,
  at: iso(at),
  title,
  text,
  ...facts,
});
