import type { Objects } from '../../contracts.ts';
import { digestOf } from '../../random.ts';
import type { ActionRun, Artifact, Execution } from './model.ts';

/** The artifact store of a pipeline. */
export interface Artifacts {
  /** An output of the action. */
  keep(run: ActionRun, name: string, body: Buffer): Artifact;
  /** By name; one that is not there any more is left out. */
  bodies(
    execution: Execution,
    declared: readonly { readonly name: string }[] | undefined,
  ): Readonly<Record<string, Buffer>>;
}

export const createArtifacts = (objects: Objects): Artifacts => ({
  keep(run, name, body) {
    const { execution } = run;
    const bucket = execution.structure.artifactStore?.location ?? '';
    // User guide: `<pipeline name, cut>/<artifact name, cut>/<random>`.
    const random = digestOf('artifact', run.id, name).toString('hex').slice(0, 7);
    const key = `${execution.pipeline.name.slice(0, 20)}/${name.slice(0, 10)}/${random}`;
    objects.put(bucket, key, body);
    const artifact = {
      name,
      bucket,
      key,
      revision: digestOf('revision', body.toString('base64')).toString('hex').slice(0, 32),
    };
    execution.artifacts.set(name, artifact);
    return artifact;
  },
  bodies: (execution, declared = []) =>
    Object.fromEntries(
      declared.flatMap(({ name }) => {
        const artifact = execution.artifacts.get(name);
        const object = artifact && objects.get(artifact.bucket, artifact.key);
        return object === undefined ? [] : [[name, object.body] as const];
      }),
    ),
});
