import type * as z from 'zod/mini';
import { InputError } from '../schema.ts';
import { quoted, redacted } from '../secrets.ts';
import type { CodeDeployEnvironment, Environment, JudgePolicy, Manifest } from './manifest.ts';
import { explain } from './problems.ts';
import type { RegressionSpec } from './regression.ts';
import { regressionSchema } from './regression-schema.ts';
import { judgeSchema } from './rollout-schema.ts';
import { manifestSchema } from './schema.ts';
import { suggest } from './suggest.ts';
import { parseYaml, type Yaml, YamlProblem } from './yaml.ts';

/** The manifest is not valid. One line per problem, in the order of the file: `delivery.yml:12:7: <key>: <problem>`. */
export class ManifestError extends InputError {
  readonly reason = 'invalid-manifest';
}

/**
 * @param text YAML 1.2
 * @param path the file's name in messages
 * @throws {ManifestError}
 */
export const loadManifest = (text: string, path: string): Manifest => loadAs(manifestSchema, text, path);

/**
 * The `judge` section of a manifest in a file of its own.
 * @throws {ManifestError}
 */
export const loadJudge = (text: string, path: string): JudgePolicy => loadAs(judgeSchema, text, path);

/**
 * The `regression` section of a manifest in a file of its own.
 * @throws {ManifestError}
 */
export const loadRegression = (text: string, path: string): RegressionSpec => loadAs(regressionSchema, text, path);

/**
 * A YAML file of the user's by its schema.
 * @throws {ManifestError}
 */
export const loadAs = <Output>(schema: z.ZodMiniType<Output>, text: string, path: string): Output => {
  const { document, value, lines } = read(text, path);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { shown, more } = explain(result.error.issues, document, value);
  throw new ManifestError(
    [
      ...shown.map(({ offset, message }) => at(path, lines, offset, message)),
      ...(more > 0 ? [`… and ${more.toLocaleString('en-US')} more`] : []),
    ].join('\n'),
  );
};

const read = (text: string, path: string): Yaml => {
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    throw new ManifestError(at(path, error.lines, error.offset, error.message));
  }
};

const at = (path: string, lines: Yaml['lines'], offset: number, message: string): string => {
  const { line, col } = lines.linePos(offset);
  // A file that was not read has no known lines.
  return `${path}:${Math.max(1, line)}:${Math.max(1, col)}: ${redacted(message)}`;
};

/**
 * An environment with a SageMaker endpoint.
 * @throws {InputError} naming the environments there are, or the operations that take one of CodeDeploy
 */
export const environmentOf = (manifest: Manifest, name: string): Environment => {
  const found = deliveryOf(manifest, name);
  if (!('lambda' in found || 'service' in found)) return found;
  const [what, also] =
    'lambda' in found ? ['the alias of a Lambda function', ''] : ['a service of ECS', ' shift-traffic,'];
  throw new InputError(
    `environment: ${name} delivers to ${what}, and this is about a SageMaker endpoint; register-model, deploy-endpoint,${also} rollback, plan and history take ${name}`,
  );
};

/** @throws {InputError} naming the environments there are */
export const deliveryOf = (manifest: Manifest, name: string): Environment | CodeDeployEnvironment => {
  const all = { ...manifest.environments, ...manifest.byCodeDeploy };
  const names = Object.keys(all);
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found) return found;
  throw new InputError(
    `environment: the manifest has no environment ${quoted(name)}; it has ${names.join(', ')}${didYouMean(name, names)}`,
  );
};

/** An environment of CodeDeploy; undefined for one with an endpoint. @throws {InputError} for one that does not exist */
export const codeDeployOf = (manifest: Manifest, name: string): CodeDeployEnvironment | undefined => {
  const found = deliveryOf(manifest, name);
  return 'lambda' in found || 'service' in found ? found : undefined;
};

const didYouMean = (written: string, candidates: readonly string[]): string => {
  const nearest = suggest(written, candidates);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
};
