/**
 * Records of schema 1 had one shape of submission for everything: without a mechanism, and with zeros where a member did not apply. This
 * is the one place that knows it. A record is brought to the present shape before it is checked, so the check alone decides what is a
 * record; whatever cannot be brought there is left as it is, and fails the check.
 */

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param record as it lay in S3, of whatever schema */
export const upgraded = (record: unknown): unknown => {
  if (!isObject(record)) return record;
  if (record['schemaVersion'] !== 1) return withModels(record);
  const { live, ended } = record;
  return withModels({
    ...record,
    schemaVersion: 2,
    ...(live === undefined ? {} : { live: releaseOf(live) }),
    ended: Array.isArray(ended) ? ended.map(releaseOf) : ended,
  });
};

/**
 * Older versions wrote an empty text for the model of an endpoint of inference components, which has none. Such a configuration was never
 * a target for a way back, so the record loses it.
 */
const withModels = (record: Members): Members => {
  const { ended, history } = record;
  return {
    ...record,
    ...(Array.isArray(ended) ? { ended: ended.map(withoutEmptyBaseline) } : {}),
    ...(Array.isArray(history) ? { history: history.filter((served) => !lacksModel(served)) } : {}),
  };
};

const lacksModel = (configuration: unknown): boolean => isObject(configuration) && configuration['model'] === '';

const withoutEmptyBaseline = (release: unknown): unknown => {
  if (!isObject(release) || !lacksModel(release['baseline'])) return release;
  const { baseline: _, ...rest } = release;
  return rest;
};

const releaseOf = (release: unknown): unknown => {
  if (!isObject(release) || !isObject(release['submission'])) return release;
  const { submission, stepping } = release;
  return { ...release, submission: submissionOf(submission as Members, stepping !== undefined) };
};

/** @param steps it is the second swap of a stepped rollout; the first one names the variant that serves beside its own */
const submissionOf = (submission: Members, steps: boolean): Members => {
  const {
    bakeSeconds,
    finalBakeSeconds,
    timeoutSeconds,
    minimumRequests,
    asynchronous,
    abortAlarm,
    judged,
    deployment,
    expectedSeconds,
    exclude,
    ...named
  } = submission;
  // Never given to SageMaker for anything but an update.
  if (named['kind'] === 'update' && deployment !== undefined) {
    const { asynchronous: _, ...guarded } = submission;
    return { ...guarded, mechanism: 'guardrail', endpointKind: asynchronous === true ? 'asynchronous' : 'instances' };
  }
  if (named['kind'] === 'create') return { ...named, mechanism: 'replacement', expectedSeconds };
  const mechanism = steps || named['canonical'] !== undefined ? 'variants' : 'replacement';
  if (named['kind'] === 'none') return { ...named, mechanism, exclude };
  return { ...named, mechanism, exclude, expectedSeconds };
};
