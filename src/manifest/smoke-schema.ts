import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { Refuse } from './refuse.ts';
import { isJson } from './regression-asking.ts';
import { answerTypes, type Expectation, type Smoke, type SmokeRequest } from './smoke.ts';
import * as v from './values.ts';

const about = z.describe;

/** All requests are sent within minutes, to an endpoint on which users wait. */
const mostRequests = 2000;

const expectation = () =>
  v
    .mapping({
      path: z.optional(
        v
          .words('a path')
          .check(
            z.regex(/^\$/, { error: 'a JSONPath; expected e.g. $.predictions[0].label' }),
            about('JSONPath (RFC 9535) of the one value in a JSON answer.'),
          ),
      ),
      column: z.optional(
        v.whole('a column', 0, 10_000).check(about('Column of a CSV answer, from 0. Default without `path`: 0.')),
      ),
      value: z.optional(
        z
          .union([z.string(), z.number(), z.boolean()], { error: 'a value; expected text, a number or a boolean' })
          .check(about('The value itself. In CSV, where everything is text, a number is compared as a number.')),
      ),
      between: z.optional(
        v
          .listOf('a range', v.quantity('an end of a range'), 2, 2)
          .check(about('Least and greatest number, both included, e.g. `[0, 1]`.')),
      ),
      type: z.optional(v.choice('a type', answerTypes).check(about('Type of the value.'))),
    })
    .check(about('The expected answer. Without it any answer of the model that is no error will do.'));

const keys = v.mapping({
  'content-type': v.contentType().check(about('Content type of the requests, e.g. `text/csv`.')),
  accept: z.optional(v.contentType().check(about('Content type that the answers are to have.'))),
  times: z.optional(
    v
      .whole('a number of times', 1, 1000)
      .check(
        about(
          'How often each request is sent. Default: 1. 60 requests in all notice a model that fails 5 % of its answers by chance in 95 % of the cases; one that fails on some inputs is noticed by different requests.',
        ),
      ),
  ),
  requests: v
    .listOf(
      'a list of requests',
      v.mapping({
        body: z
          .unknown()
          .check(about('Body of the request: text as it stands, or for a JSON request any other value.')),
        expect: z.optional(expectation()),
      }),
      1,
      100,
    )
    .check(about('The requests, each with its expected answer.')),
});

type Written = z.output<typeof keys>;
export const smokeSchema = z.pipe(
  keys.check(
    about(
      'Requests that `deploy-endpoint` sends to a new endpoint, or to a candidate without traffic, before it ends: a model that answers otherwise is not delivered.',
    ),
  ),
  z.transform(
    (written, context): Smoke =>
      smokeOf(written, (message, ...path) =>
        context.issues.push({ code: 'custom', input: written, path: [...path], message }),
      ),
  ),
);

const smokeOf = ({ 'content-type': contentType, accept, times = 1, requests }: Written, refuse: Refuse): Smoke => {
  if (times * requests.length > mostRequests)
    refuse(`sends ${times * requests.length} requests; at most ${mostRequests} are sent`, 'times');
  return {
    contentType,
    times,
    requests: requests.map(({ body, expect }, at): SmokeRequest => {
      const about: Refuse = (message, ...path) => refuse(message, 'requests', at, ...path);
      return withoutUndefined({
        body: bodyOf(body, contentType, about),
        expect: expect && expectationOf(expect, accept ?? contentType, about),
      });
    }),
    ...withoutUndefined({ accept }),
  };
};

const bodyOf = (body: unknown, contentType: string, refuse: Refuse): string => {
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) refuse('is missing', 'body');
  else if (!isJson(contentType))
    refuse(`must be text (put numbers in quotes), because the content type is ${contentType}`, 'body');
  return JSON.stringify(body ?? null);
};

const expectationOf = (
  { path, column, value, between, type }: NonNullable<Written['requests'][number]['expect']>,
  answers: string,
  refuse: Refuse,
): Expectation => {
  const given = [value, between, type].filter((one) => one !== undefined).length;
  if (given !== 1) refuse('needs one of value, between and type', 'expect');
  if (path !== undefined && column !== undefined) refuse('has path and column; one of them is enough', 'expect');
  if (path === undefined && column === undefined && isJson(answers))
    refuse('needs path, because the answer is JSON, e.g. path: $.predictions[0].label', 'expect');
  const [least = 0, most = 0] = between ?? [];
  if (least > most) refuse('must be the least number, then the greatest', 'expect', 'between');
  const at = path ?? column ?? 0;
  if (typeof at === 'number' && type !== undefined && type !== 'number' && type !== 'text')
    refuse(`has no place in a CSV answer: a cell is a number or text`, 'expect', 'type');
  if (value !== undefined) return { at, is: { value } };
  return between === undefined ? { at, is: { type: type ?? 'text' } } : { at, is: { between: [least, most] } };
};
