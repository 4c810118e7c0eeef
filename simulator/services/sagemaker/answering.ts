import { startContainer } from '../../containers/model-server.ts';
import { AwsError, type Container, type Instant, type Invocation } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { type Context, objectAt, objectFor } from './context.ts';
import type { FleetVariant, Running } from './fleets.ts';

type Serving = Pick<Running, 'container' | 'prefix' | 'role'>;
type Answer = ReturnType<Container['invoke']>;
type Request = Pick<
  Invocation,
  | 'body'
  | 'contentType'
  | 'accept'
  | 'targetModel'
  | 'targetContainerHostname'
  | 'inferenceComponent'
  | 'customAttributes'
>;

/** The Runtime's code; AWS publishes no words for most of these refusals, so the words are ours. */
const refused = (message: string): AwsError => new AwsError('ValidationError', message);

/** The API model's description of this error is its message. */
const notReady = (): AwsError =>
  new AwsError(
    'ModelNotReadyException',
    "Either a serverless endpoint variant's resources are still being provisioned, or a multi-model endpoint is still downloading or " +
      'loading the target model. Wait and try your request again.',
    429,
  );

/** How a variant answers: by its one container, by all of them in series, by the named one, or by the named model. */
export const createAnswering = (context: Context) => {
  /** Models below a prefix, by object: a loaded model stays in memory even when its object is overwritten (AWS: "Add or remove models"). */
  const loaded = new Map<string, { readonly container: Container; readonly readyAt: Instant }>();
  const warm = new WeakMap<FleetVariant, { readonly readyAt: Instant; usedAt: Instant }>();
  const { clock, settings } = context.kernel;

  /** Its first request after a while starts it; the next ones find it starting, and then warm. */
  const isCold = (variant: FleetVariant): boolean => {
    const serverless = variant.settings.ServerlessConfig;
    if (serverless === undefined || (serverless.ProvisionedConcurrency ?? 0) > 0 || settings.modelNotReadyMs === 0)
      return false;
    const now = clock.now();
    const known = warm.get(variant);
    if (known === undefined || now - known.usedAt > settings.serverlessIdleMs) {
      warm.set(variant, { readyAt: now + settings.modelNotReadyMs, usedAt: now });
      return true;
    }
    known.usedAt = now;
    return now < known.readyAt;
  };

  const modelOf = ({ prefix = '', role }: Serving, targetModel: string | undefined): Container => {
    if (targetModel === undefined) throw refused('TargetModel is required for a multi-model endpoint.');
    const url = `${prefix}${targetModel}`;
    const known = loaded.get(url);
    if (known) {
      if (clock.now() < known.readyAt) throw notReady();
      return known.container;
    }
    const object = objectFor(context, role, url);
    if (!object)
      throw refused(
        objectAt(context, url) === undefined
          ? `Failed to download model data. There is no object located at ${url}.`
          : `Failed to download model data from ${url}. Please ensure that the role passed to CreateModel has permissions to download the object.`,
      );
    const container = startContainer(object.body);
    const readyAt = clock.now() + settings.modelNotReadyMs;
    loaded.set(url, { container, readyAt });
    if (clock.now() < readyAt) throw notReady();
    return container;
  };

  const one = (serving: Serving, { body, contentType, accept, targetModel, customAttributes }: Request): Answer =>
    (serving.container ?? modelOf(serving, targetModel)).invoke(body, contentType, accept, customAttributes);

  /**
   * The answer of each container is the request of the next one; the first failure ends the row (AWS: "Inference pipelines"). Only the last
   * one answers the caller.
   */
  const inSeries = (containers: readonly Serving[], { accept, ...request }: Request): Answer => {
    const [first, ...others] = containers;
    if (!first) throw new Error('a model without containers');
    const last = containers.at(-1);
    const step = (container: Serving, input: Request): Answer =>
      one(container, container === last && accept !== undefined ? { ...input, accept } : input);
    return others.reduce<Answer>(
      (answer, container) => {
        if (answer.status < 200 || answer.status > 299) return answer;
        const next = step(container, { ...request, body: answer.body, contentType: answer.contentType });
        return { ...next, latencyMs: answer.latencyMs + next.latencyMs };
      },
      step(first, request),
    );
  };

  /** @throws AwsError for a request that names nothing, or something that the variant does not have */
  const byVariant = (variant: FleetVariant, request: Request): Answer => {
    const { name, running } = variant;
    if (variant.settings.ModelName === undefined) {
      // Words seen in the field in six repositories (§7.6).
      if (request.inferenceComponent === undefined)
        throw refused(
          'Inference Component Name header is required for endpoints to which you plan to deploy inference components.',
        );
      throw notSimulated('invocations of inference components');
    }
    if (request.inferenceComponent !== undefined) throw refused(`Variant ${name} hosts no inference components.`);
    if (!running) throw new Error(`variant ${name} takes traffic without a container`);
    if (isCold(variant)) throw notReady();
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

  return { byVariant, inSeries };
};
