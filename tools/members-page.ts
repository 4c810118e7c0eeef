import { readdirSync } from 'node:fs';
import { loadHonoured, loadS3Operations, membersOf, ofTransport } from '../simulator/members.ts';
import { loadTables, type Tables } from '../simulator/validation.ts';

const constraints = new URL('../simulator/constraints', import.meta.url).pathname;

/** The services with tables of their model, S3 left out. */
export const modelledServices = (): readonly string[] =>
  readdirSync(constraints)
    .map((name) => name.replace('.generated.json', ''))
    .filter((name) => !['s3', 'honoured', 'regions'].includes(name))
    .sort();

const tables = new Map<string, Tables>();
const tablesOf = (service: string): Tables => {
  const known = tables.get(service) ?? loadTables(service);
  tables.set(service, known);
  return known;
};

/**
 * Each member of an operation's input by its path; below a member that is not honoured none.
 * @param call `sagemaker CreateModel`
 */
export const memberNames = (call: string, isHonoured: (path: string) => boolean): readonly string[] => {
  const [service = '', operation = ''] = call.split(' ');
  if (service !== 's3') return membersOf(tablesOf(service), operation, isHonoured);
  const bound = loadS3Operations()[operation];
  if (bound === undefined) return [];
  const labels = [...bound.path.matchAll(/\{(\w+)\+?\}/g)].map(([, label = '']) => label);
  const all = [...labels, ...Object.values(bound.headers), ...Object.values(bound.query), ...(bound.elements ?? [])];
  return [...new Set(all)].filter((member) => !ofTransport.includes(member));
};

export interface MemberRow {
  /** `CreateModel` */
  readonly operation: string;
  readonly honoured: readonly string[];
  readonly refused: readonly string[];
}

/** By service, the members of each operation that is served. */
export const memberRows = (): ReadonlyMap<string, readonly MemberRow[]> => {
  const honoured = loadHonoured();
  const row = (service: string, operation: string): MemberRow => {
    const call = `${service} ${operation}`;
    const known = new Set(honoured[call]);
    const names = memberNames(call, (path) => known.has(path));
    return {
      operation,
      honoured: names.filter((name) => known.has(name)),
      refused: names.filter((name) => !known.has(name)),
    };
  };
  const ofS3 = Object.keys(loadS3Operations()).filter((operation) => honoured[`s3 ${operation}`] !== undefined);
  return new Map(
    [
      ...modelledServices().map((service) => [service, Object.keys(tablesOf(service).operations)] as const),
      ['s3', ofS3] as const,
    ].map(([service, operations]) => [service, operations.map((operation) => row(service, operation))]),
  );
};
