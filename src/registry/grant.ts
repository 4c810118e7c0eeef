/**
 * A statement for a resource policy, as JSON on one line. Reports hide account ids, so placeholders stand for them: once those are filled
 * in, the statement is valid. A sentence after it says which account each of them means.
 * @param owner id of the account of the resource; the name of its bucket may have it
 * @param resource absent for policies that always mean their own resource: of a role, a repository
 */
export const grantTo = (
  owner: string,
  principals: readonly string[],
  actions: readonly string[],
  resource?: string,
): string => {
  const statement = JSON.stringify({
    Effect: 'Allow',
    Principal: { AWS: oneOrMore(principals) },
    Action: oneOrMore(actions),
    ...(resource === undefined ? {} : { Resource: resource }),
  });
  const ids = [...new Set([...principals.map((arn) => arn.split(':')[4] ?? ''), owner])].filter(
    (id) => /^\d{12}$/.test(id) && idIn(id).test(statement),
  );
  const filled = ids.reduce((text, id) => text.replace(idIn(id), placeholder(id)), statement);
  const meanings = ids.map((id) => `${placeholder(id)} stands for the id of the account ending in ${id.slice(-4)}`);
  return meanings.length === 0 ? filled : `${filled} (${meanings.join(', ')})`;
};

const idIn = (id: string): RegExp => new RegExp(`(?<!\\d)${id}(?!\\d)`, 'g');
const placeholder = (id: string): string => `<account-${id.slice(-4)}>`;

const oneOrMore = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? '') : values;
