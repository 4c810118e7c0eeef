import type { Placed, Tried } from './answers.ts';
import { type Answers, type Side, sides } from './ask.ts';

/** After so many turns in which others were answered, a row has no answer. */
const mostTries = 3;

const ofRow = (tried: readonly Tried[], place: number): readonly Placed[] =>
  tried.flatMap(({ answers }) => answers.filter((answer) => answer.place === place));

/** The models from which the row at this place of a piece still needs an answer. */
export const openSides = (tried: readonly Tried[], place: number, asked: readonly Side[]): readonly Side[] =>
  asked.filter((side) => {
    const answers = ofRow(tried, place).flatMap((answer) => (answer[side] === undefined ? [] : [answer[side]]));
    return answers.length < mostTries && answers.every((answer) => answer === null);
  });

/** Whether no row of the piece needs another answer. */
export const isWhole = (tried: readonly Tried[], rows: number, asked: readonly Side[]): boolean =>
  Array.from({ length: rows }, (_, place) => openSides(tried, place, asked)).every((open) => open.length === 0);

/** The answers to a row: each is the only one that was had. */
export const answersAt = (tried: readonly Tried[], place: number, asked: readonly Side[]): Answers =>
  Object.fromEntries(
    asked.map((side) => [side, ofRow(tried, place).find((answer) => (answer[side] ?? null) !== null)?.[side] ?? null]),
  );

/** The answers to a row that was asked twice; undefined for others. */
export const secondAnswersAt = (tried: readonly Tried[], place: number): Answers | undefined => {
  const again: Answers = Object.assign({}, ...ofRow(tried, place).map((answer) => answer.again));
  return Object.keys(again).length > 0 ? again : undefined;
};

/** The models that answered. */
export const answeredSides = (answers: Answers): readonly Side[] =>
  sides.filter((side) => (answers[side] ?? null) !== null);
