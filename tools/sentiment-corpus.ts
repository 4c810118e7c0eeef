import { createRandom } from '../simulator/random.ts';

/**
 * Customer messages of three channels, generated from a grammar with a seed: no person wrote them. Those of a channel share their words;
 * in short messages many words are abbreviations that the other channels do not have.
 */
export interface Message {
  readonly text: string;
  readonly label: 'negative' | 'positive';
  readonly channel: Channel;
}
export const channels = ['app', 'mail', 'sms'] as const;
export type Channel = (typeof channels)[number];

type Mood = Message['label'];
type Words = Readonly<Record<Mood, readonly string[]>>;

const things =
  'delivery coffee screen battery support price checkout parcel room driver invoice refund search login packaging charger menu courier account update'.split(
    ' ',
  );
const adjectives: Words = {
  positive:
    'excellent reliable fast helpful friendly clear smooth wonderful spotless generous perfect pleasant quick flawless'.split(
      ' ',
    ),
  negative:
    'terrible slow rude broken confusing late useless dirty overpriced faulty awful missing unreliable damaged'.split(
      ' ',
    ),
};
const abbreviations: Words = {
  positive: 'gr8 awsm luvly thx yay legit sweet gud'.split(' '),
  negative: 'meh ugh smh wack h8ed nope fail rubbsh'.split(' '),
};
const endings: Words = {
  positive: ['I will order again', 'thank you', 'keep it up', 'I recommend it'],
  negative: ['never again', 'I want my money back', 'please fix this', 'I am leaving'],
};

/** Shares of the texts whose label the words do not tell: two moods in one text, and labels that a person got wrong. */
const mixed = 0.08;
const mislabelled = 0.02;
/** Of the words that carry the mood of a short message. */
const abbreviated = 0.75;

interface Writer {
  readonly chance: (share: number) => boolean;
  readonly pick: (from: readonly string[]) => string;
}

const clauseOf = (channel: Channel, mood: Mood, { chance, pick }: Writer): string => {
  const thing = pick(things);
  if (channel === 'sms')
    return chance(abbreviated) ? `${pick(abbreviations[mood])} ${thing}` : `${thing} ${pick(adjectives[mood])}`;
  const adjective = pick(adjectives[mood]);
  return pick([
    `the ${thing} was ${adjective}`,
    `I found the ${thing} ${adjective}`,
    `${adjective} ${thing}`,
    `your ${thing} is ${adjective}`,
  ]);
};

const textOf = (channel: Channel, mood: Mood, writer: Writer): string => {
  const other: Mood = mood === 'positive' ? 'negative' : 'positive';
  const second = clauseOf(channel, writer.chance(mixed) ? other : mood, writer);
  const clauses = [clauseOf(channel, mood, writer), second];
  switch (channel) {
    case 'app':
      return clauses.join(', ');
    case 'mail':
      return `Hello, ${clauses.join(' and ')}. ${writer.pick(endings[mood])}.`;
    case 'sms':
      return `${clauses.join(' ')} ${writer.pick(['ur app', 'm8', 'tbh', 'rn', 'imo'])}`;
  }
};

/** As many messages of each channel, no text twice. @param without texts that are left out */
export const messages = (
  name: string,
  counts: Readonly<Record<Channel, number>>,
  without: readonly Message[] = [],
): readonly Message[] => {
  const random = createRandom(1, `sentiment/${name}`);
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  const writer: Writer = { chance: (share) => random() < share, pick };
  const seen = new Set(without.map(({ text }) => text));
  const written: Message[] = [];
  for (const channel of channels)
    for (let left = counts[channel]; left > 0; ) {
      const mood: Mood = writer.chance(0.5) ? 'positive' : 'negative';
      const text = textOf(channel, mood, writer);
      if (seen.has(text)) continue;
      seen.add(text);
      const isWrong = writer.chance(mislabelled);
      written.push({ text, channel, label: isWrong === (mood === 'positive') ? 'negative' : 'positive' });
      left--;
    }
  return written;
};
