/**
 * Checks our IAM evaluators against a foreign one: every published policy with every request that it must allow or deny, those for two
 * accounts with both sides, also with the requests that a delivery across accounts sends, and generated policies with generated
 * requests. The foreign one also has AWS's tables of actions, resources and condition keys, so it finds a pair that AWS does not have.
 * `@cloud-copilot/iam-simulate` is AGPL: tools/install-verifiers.sh puts it into .cache, and no shipped file imports it
 * (tools/check-dependencies.ts).
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Decision, evaluate } from '../simulator/iam/evaluate.ts';
import { parsePolicy } from '../simulator/iam/policy.ts';
import {
  type PolicyRequest,
  type PublishedPolicy,
  publishedPolicies,
  requestsUnder,
} from '../test/support/policy-requests.ts';
import { fc } from '../test/support/properties.ts';
import { dutyRequests } from './duty-requests.ts';
import { type Check, generatedOperators, generatedRequests } from './generated-policies.ts';
import { evaluateOurs, publishedRequests, recordedRequests, type SharedRequest } from './shared-requests.ts';

const home = resolve(import.meta.dirname, '../.cache/verifiers/iam/node_modules/@cloud-copilot/iam-simulate');
const account = '111122223333';

/** The members in use here. */
interface Answer {
  readonly resultType: 'error' | 'single' | 'wildcard';
  readonly overallResult?: string;
  readonly errors?: { readonly message: string };
  readonly result?: { readonly ignoredContextKeys?: readonly string[] };
  readonly results?: readonly { readonly ignoredContextKeys?: readonly string[] }[];
}
type RunSimulation = (simulation: object, options: object) => Promise<Answer>;

/** Facts in AWS's pages that its reference lacks; each must still be missing there. */
const beyondTheReference = [
  {
    action: 'sagemaker:CreateModel',
    resource: ':model-package/',
    because: 'AWS: "Cross-account support": the policy of a model package group allows CreateModel on its packages',
  },
] as const;

/** The exception for a request, if there is one. */
const beyondOf = (request: Pick<PolicyRequest, 'action' | 'resource'>) =>
  beyondTheReference.find(({ action, resource }) => action === request.action && request.resource.includes(resource));

/** @param owner the account of the resource */
const simulate = (
  run: RunSimulation,
  { documents, action, resource, context }: Check,
  principal: string,
  owner: string,
  resourcePolicy?: object,
): Promise<Answer> =>
  run(
    {
      request: { principal, action, resource: { resource, accountId: owner }, contextVariables: context },
      identityPolicies: documents.map((policy, index) => ({ name: `policy ${index + 1}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    },
    {},
  );

/** A key's own policy must let IAM decide (AWS KMS: "Default key policy"). */
const policyOfKey = (action: string): object | undefined => (action.startsWith('kms:') ? keyPolicy : undefined);

const ask = (run: RunSimulation, { name, document }: PublishedPolicy, request: PolicyRequest): Promise<Answer> => {
  const { action, resource } = request;
  const context = Object.fromEntries(
    Object.entries(request.context).map(([key, values]) => [key, values.length > 1 ? values : (values[0] ?? '')]),
  );
  const principal = `arn:aws:iam::${account}:role/${name}`;
  const owner = resource.split(':')[4] || account;
  return simulate(run, { documents: [document], action, resource, context }, principal, owner, policyOfKey(action));
};

const keyPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
};

/** Across accounts, with the policies of both sides. */
const askAcross = (
  run: RunSimulation,
  { principal, action, resource, owner, identity, resourcePolicy }: SharedRequest,
): Promise<Answer> => {
  const documents = identity === undefined ? [] : [identity];
  return simulate(run, { documents, action, resource, context: {} }, principal, owner, resourcePolicy);
};

/** @returns the fault, if any */
const compare = (
  request: Pick<PolicyRequest, 'action' | 'resource' | 'allowed'>,
  ours: string,
  theirs: Answer,
): string | undefined => {
  const expected = request.allowed ? 'allowed' : 'denied';
  const beyond = beyondOf(request);
  if (theirs.resultType === 'error')
    return beyond ? undefined : `AWS does not have it: ${theirs.errors?.message ?? 'no reason given'}`;
  if (beyond) return `AWS's reference has it now; remove the exception: ${beyond.because}`;
  const ignored = [theirs.result, ...(theirs.results ?? [])].flatMap((one) => one?.ignoredContextKeys ?? []);
  // A request cannot carry this condition key, so the request that violates it is invented.
  if (request.allowed && ignored.length > 0) return `its requests do not carry ${ignored.join(', ')}`;
  const verdict = theirs.overallResult === 'Allowed' ? 'allowed' : 'denied';
  if ((ours === 'allowed') !== (verdict === 'allowed')) return `ours: ${ours}, theirs: ${verdict}`;
  return verdict === expected ? undefined : `both: ${verdict}, expected: ${expected}`;
};

/**
 * Where AWS's pages say that we are right and the foreign evaluator is not; each must still differ. IAM user guide, "IAM JSON policy
 * elements: Resource": a `*` at the end of a part "can expand to match beyond the colon boundary".
 */
const beyondTheirs: readonly (readonly [pattern: string, resource: string])[] = [
  ['arn:aws:cloudwatch:*:*:churn-errors', 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:churn-errors'],
  ['arn:aws:cloudwatch:*:churn-errors', 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:churn-errors'],
];

const compareBeyond = async (run: RunSimulation): Promise<readonly string[]> => {
  const wrong: string[] = [];
  for (const [pattern, resource] of beyondTheirs) {
    const request = {
      documents: [
        {
          Version: '2012-10-17',
          Statement: [{ Sid: 'Beyond', Effect: 'Allow', Action: ['cloudwatch:PutMetricAlarm'], Resource: [pattern] }],
        },
      ],
      action: 'cloudwatch:PutMetricAlarm',
      resource,
      context: {},
    };
    const both = [decideOurs(request), await decideTheirs(run, request)].join(', ');
    if (both !== 'allowed, implicitly-denied') wrong.push(`${pattern} on ${resource}: ours and theirs: ${both}`);
  }
  return wrong;
};

/** Their answer in our words. */
const decisions: Readonly<Record<string, Decision>> = {
  Allowed: 'allowed',
  ImplicitlyDenied: 'implicitly-denied',
  ExplicitlyDenied: 'explicitly-denied',
};

const decideOurs = ({ documents, action, resource, context }: Check): Decision => {
  const byKey = new Map(Object.entries(context).map(([key, values]) => [key.toLowerCase(), [values].flat()]));
  return evaluate(documents.map(parsePolicy), {
    action,
    resource,
    context: (key) => byKey.get(key.toLowerCase()) ?? [],
  });
};

const decideTheirs = async (run: RunSimulation, check: Check): Promise<string> => {
  const principal = `arn:aws:iam::${account}:role/any`;
  const answer = await simulate(run, check, principal, account, policyOfKey(check.action));
  return decisions[answer.overallResult ?? ''] ?? `no decision: ${JSON.stringify(answer.errors)}`;
};

/** As many as it takes for every operator to meet every decision. `FUZZ_RUNS` and `FUZZ_SEED` try others. */
const compareGenerated = async (run: RunSimulation): Promise<readonly string[]> => {
  const seen = new Set<string>();
  const found = await fc.check(
    fc.asyncProperty(generatedRequests, async (request) => {
      const ours = decideOurs(request);
      const theirs = await decideTheirs(run, request);
      if (ours !== theirs) throw new Error(`ours: ${ours}, theirs: ${theirs}`);
      for (const operator of request.documents.flatMap(({ Statement }) =>
        Statement.flatMap(({ Condition = {} }) => Object.keys(Condition)),
      ))
        seen.add(`${operator} ${ours}`);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 4000) },
  );
  if (found.failed) return [fc.defaultReportMessage(found) ?? 'the evaluators differ'];
  console.log(`${found.numRuns} generated requests, ${generatedOperators.length} operators`);
  return generatedOperators
    .flatMap((operator) => Object.values(decisions).map((decision) => `${operator} ${decision}`))
    .filter((pair) => !seen.has(pair))
    .map((pair) => `no generated request was ${pair}`);
};

const { runSimulation }: { runSimulation: RunSimulation } = await import(
  pathToFileURL(`${home}/dist/esm/index.js`).href
);
let compared = 0;
const wrong: string[] = [];
for (const policy of publishedPolicies()) {
  const policies = [parsePolicy(policy.document)];
  for (const request of requestsUnder(policy)) {
    compared += 1;
    const { action, resource, context } = request;
    const ours = evaluate(policies, { action, resource, context: (key) => context[key] ?? [] });
    const problem = compare(request, ours, await ask(runSimulation, policy, request));
    if (problem !== undefined) wrong.push(`${policy.name}, ${request.name}: ${problem}`);
  }
}
const published = publishedRequests();
const recorded = await recordedRequests();
for (const request of [...published, ...recorded]) {
  const ours = evaluateOurs(request) ? 'allowed' : 'denied';
  const problem = compare(request, ours, await askAcross(runSimulation, request));
  if (problem !== undefined) wrong.push(`two accounts, ${request.name}: ${problem}`);
}
const separated = await dutyRequests();
for (const request of separated) {
  if (beyondOf(request) !== undefined) continue;
  const [ours, theirs] = [decideOurs(request), await decideTheirs(runSimulation, request)];
  if (ours !== theirs) wrong.push(`${request.name}: ${request.action}: ours: ${ours}, theirs: ${theirs}`);
}
wrong.push(...(await compareBeyond(runSimulation)), ...(await compareGenerated(runSimulation)));
for (const line of wrong) console.error(line);
console.log(
  `${compared} requests under ${publishedPolicies().length} policies, ${published.length} across two accounts and ${recorded.length} sent there by deliveries, ${separated.length} of three roles, ${wrong.length} wrong`,
);
process.exitCode =
  wrong.length === 0 && compared > 0 && published.length > 0 && recorded.length > 0 && separated.length > 0 ? 0 : 1;
