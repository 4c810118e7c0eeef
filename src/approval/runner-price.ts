import type { Instant } from '../clock.ts';
import { counted } from '../judge/amounts.ts';
import type { Run } from '../world.ts';

/**
 * US dollars a minute of GitHub's standard runners in private repositories, by `RUNNER_OS` (GitHub docs, "Actions runner pricing", from
 * 2026 on; [unconfirmed] for macOS and Windows). Larger runners cost more.
 */
const publicPrices: Readonly<Record<string, number>> = { Linux: 0.006, Windows: 0.01, macOS: 0.062 };

/** @returns undefined where nothing is paid by the minute, or the price is not known */
export const pricePerMinute = ({ workflow }: Run, given: number | undefined): number | undefined => {
  const price = given ?? (workflow?.hosted === undefined ? undefined : publicPrices[workflow.hosted]);
  return price === 0 ? undefined : price;
};

/** For the plan and the first message. */
export const priceLine = (price: number): string =>
  `each minute of waiting keeps this runner busy: $${price} a minute, $${dollars(price * 60)} an hour, where the repository is private and its plan has no minutes left`;

/** GitHub rounds up to whole minutes. */
export const costSoFar = (since: Instant, now: Instant, price: number): string => {
  const minutes = Math.ceil((now - since) / 60_000);
  return `waited ${counted(minutes, 'minute')}, about $${dollars(minutes * price)} of runner time`;
};

const dollars = (amount: number): string => amount.toFixed(2);
