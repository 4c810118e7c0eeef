/** The answers to the requests of `smoke` in the manifest. A release has them or a judgement: its candidate is asked before it has traffic. */
export interface SmokeTest {
  readonly is: 'smoke-test';
  /** Requests in all, answers so far, and those of them that were not as expected. */
  readonly of: number;
  readonly answered: number;
  readonly unexpected: number;
  /** Answers that were not as expected by the manifest's requests, in their order; empty where only the sum is known. */
  readonly wrong: readonly number[];
  /** The first of them: its request, the expected form, and the kind of the answer; never the answer. */
  readonly first?: string;
}
