import type { Execution } from './model.ts';

/** User guide "Variables": `#{namespace.key}`; `codepipeline` and `variables` are reserved namespaces. */
const reference = /#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}/g;

/** The value with every reference replaced, or the first unresolved reference. */
export const resolveText = (
  text: string,
  execution: Execution,
): { readonly text: string } | { readonly missing: string } => {
  let missing: string | undefined;
  const resolved = text.replace(reference, (whole, namespace: string, key: string) => {
    const value = valuesOf(namespace, execution)?.[key];
    if (value === undefined) missing ??= whole;
    return value ?? '';
  });
  return missing === undefined ? { text: resolved } : { missing };
};

const valuesOf = (namespace: string, execution: Execution): Readonly<Record<string, string>> | undefined => {
  if (namespace === 'codepipeline') return { PipelineExecutionId: execution.id };
  if (namespace === 'variables') return execution.variables;
  return execution.outputs.get(namespace);
};

/** Namespaces that a text refers to. */
export const namespacesIn = (text: string): readonly string[] =>
  [...text.matchAll(reference)].map(([, namespace = '']) => namespace);
