/**
 * A statement for a resource policy, as JSON on one line.
 * @param resource absent for policies that always mean their own resource: of a role, a repository
 */
export const grantTo = (principals: readonly string[], actions: readonly string[], resource?: string): string =>
  JSON.stringify({
    Effect: 'Allow',
    Principal: { AWS: oneOrMore(principals) },
    Action: oneOrMore(actions),
    ...(resource === undefined ? {} : { Resource: resource }),
  });

const oneOrMore = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? '') : values;
