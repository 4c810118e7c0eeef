import { startContainer } from '../../containers/model-server.ts';
import { AwsError, type Container, type Invocation } from '../../contracts.ts';
import { type Context, objectAt } from './context.ts';
import type { FleetVariant, Running } from './fleets.ts';

type Answer = ReturnType<Container['invoke']>;
type Request = Pick<
  Invocation,
  'body' | 'contentType' | 'targetModel' | 'targetContainerHostname' | 'inferenceComponent'
>;

/** The Runtime's code; AWS publishes no words for most of these refusals, so the words are ours. */
const refused = (message: string): AwsError => new AwsError('ValidationError', message);

/** How a variant answers: by its one container, by all of them in series, by the named one, or by the named model. */
export const createAnswering = (context: Context) => {
  /** Models below a prefix, by object: a loaded model stays in memory even when its object is overwritten (AWS: "Add or remove models"). */
  const loaded = new Map<string, Container>();

  const modelOf = (prefix: string, targetModel: string | undefined): Container => {
    if (targetModel === undefined) throw refused('TargetModel is required for a multi-model endpoint.');
    const url = `${prefix}${targetModel}`;
    const known = loaded.get(url);
    if (known) return known;
    const object = objectAt(context, url);
    if (!object) throw refused(`Failed to download model data. There is no object located at ${url}.`);
    const container = startContainer(object.body);
    loaded.set(url, container);
    return container;
  };

  const one = ({ container, prefix }: Running, { body, contentType, targetModel }: Request): Answer => {
    if (container) return container.invoke(body, contentType);
    return modelOf(prefix ?? '', targetModel).invoke(body, contentType);
  };

  /** The answer of each container is the request of the next one; the first failure ends the row (AWS: "Inference pipelines"). */
  const inSeries = (containers: readonly Running[], request: Request): Answer => {
    const [first, ...others] = containers;
    if (!first) throw new Error('a model without containers');
    return others.reduce<Answer>(
      (answer, container) => {
        if (answer.status < 200 || answer.status > 299) return answer;
        const next = one(container, { ...request, body: answer.body, contentType: answer.contentType });
        return { ...next, latencyMs: answer.latencyMs + next.latencyMs };
      },
      one(first, request),
    );
  };

  /** @throws AwsError for a request that names nothing, or something that the variant does not have */
  return ({ name, running, settings }: FleetVariant, request: Request): Answer => {
    if (settings.ModelName === undefined) {
      // Words seen in the field in six repositories (§7.6).
      if (request.inferenceComponent === undefined)
        throw refused(
          'Inference Component Name header is required for endpoints to which you plan to deploy inference components.',
        );
      throw refused('Invocations of inference components are not simulated.');
    }
    if (request.inferenceComponent !== undefined) throw refused(`Variant ${name} hosts no inference components.`);
    if (!running) throw new Error(`variant ${name} takes traffic without a container`);
    const { containers, direct } = running;
    if (request.targetModel !== undefined && containers.every(({ prefix }) => prefix === undefined))
      throw refused('TargetModel is only supported for multi-model endpoints.');
    if (!direct) {
      if (request.targetContainerHostname !== undefined)
        throw refused('TargetContainerHostname is only supported for models with direct invocation.');
      return inSeries(containers, request);
    }
    if (request.targetContainerHostname === undefined)
      throw refused('TargetContainerHostname is required for a model with direct invocation.');
    const named = containers.find(({ hostname }) => hostname === request.targetContainerHostname);
    if (!named) throw refused(`There is no container ${request.targetContainerHostname}.`);
    return one(named, request);
  };
};
