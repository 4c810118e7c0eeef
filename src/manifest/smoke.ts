import type { Selector } from './asking.ts';

/** Some requests whose answers decide whether a new endpoint, or a candidate without traffic, works at all; every default filled in. */
export interface Smoke {
  readonly contentType: string;
  readonly accept?: string;
  /** Each request is sent so many times. */
  readonly times: number;
  readonly requests: readonly SmokeRequest[];
}

export interface SmokeRequest {
  /** As it is sent. */
  readonly body: string;
  /** Absent: any answer of the model that is no error. */
  readonly expect?: Expectation;
}

/** One value in the answer, and its expected form. */
export interface Expectation {
  /** A JSONPath of one value (RFC 9535), or the number of a CSV column, from 0. */
  readonly at: Selector;
  readonly is:
    | { readonly value: string | number | boolean }
    | { readonly between: readonly [least: number, most: number] }
    | { readonly type: AnswerType };
}

export const answerTypes = ['number', 'text', 'boolean', 'list', 'mapping'] as const;
export type AnswerType = (typeof answerTypes)[number];

/** Requests in all. */
export const requestsOf = ({ times, requests }: Smoke): number => times * requests.length;
