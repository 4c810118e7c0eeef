import type { EndpointSpec } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { isTrainingImage } from '../registry/container.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';

/**
 * Refuses a version that SageMaker cannot serve on the endpoint of the manifest, whatever its rollout.
 * @throws {Refusal} `infeasible-rollout`
 */
export const refuseUnservable = (spec: EndpointSpec, registered: RegisteredVersion): void => {
  const { tag, containers } = registered;
  const refuse = (because: string): never => {
    throw new Refusal('infeasible-rollout', `${tag} on ${spec.name}: ${because}`);
  };
  const several = containers.length > 1;
  // AWS: "Deploy models with Amazon SageMaker Serverless Inference", feature exclusions; S3ModelDataSource.
  if (spec.serverless && several)
    refuse(`it has ${containers.length} containers, and a serverless endpoint takes one; use instances`);
  if (spec.serverless && containers.some(({ ModelDataUrl, ModelDataSource }) => !ModelDataUrl && ModelDataSource))
    refuse('its model data is not one .tar.gz archive, which a serverless endpoint needs; use instances, or pack it');
  // A package brings the variables of each container; CreateModel takes one entry for all of them.
  if (several && Object.keys(spec.environment).length > 0)
    refuse(
      `it has ${containers.length} containers, and \`environment\` of the manifest names none of them; register the variables with their containers`,
    );
  const unlisted = unlistedType(spec, registered);
  // The seller of a product decides about its instance types; for a package of one's own they are a recommendation.
  if (unlisted !== undefined && containers.some(({ ProductId }) => ProductId))
    refuse(`its seller does not allow ${unlisted}; use one of ${typesOf(registered)}`);
};

/** Notes for the plan: facts about the package that may keep it from serving. */
export const servingNotes = (spec: EndpointSpec, registered: RegisteredVersion): readonly string[] => {
  const { tag, containers, unpinned } = registered;
  const unlisted = unlistedType(spec, registered);
  return [
    ...unpinned.map((part) => `${part} is not pinned: its content may differ from the tested content`),
    ...(unlisted === undefined
      ? []
      : [`the package of ${tag} does not list ${unlisted} among its instance types: ${typesOf(registered)}`]),
    ...containers.flatMap(({ Image: image }) =>
      image && isTrainingImage(image)
        ? [`by its name ${image} is an image for training, which may have no server: the endpoint may not start`]
        : [],
    ),
    ...(containers.length > 1
      ? [`a request passes through the ${containers.length} containers of ${tag} in order`]
      : []),
    ...(containers.length === 0 ? [`SageMaker takes the containers of ${tag} from its algorithm`] : []),
  ];
};

const unlistedType = (
  { instance }: EndpointSpec,
  { inferenceSpecification }: RegisteredVersion,
): string | undefined => {
  const { realtimeInstanceTypes: listed } = inferenceSpecification;
  return instance && listed.length > 0 && !listed.includes(instance.type) ? instance.type : undefined;
};

const typesOf = ({ inferenceSpecification }: RegisteredVersion): string =>
  inferenceSpecification.realtimeInstanceTypes.join(', ');
