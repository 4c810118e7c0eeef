import { AwsError } from '../../contracts.ts';
import type { ActionTypes } from './action-types.ts';
import { type ActionDeclaration, orderOf, type PipelineDeclaration } from './model.ts';
import { namespacesIn } from './variables.ts';

const refuse = (code: string, message: string): never => {
  throw new AwsError(code, message);
};

/** User guide "Pipeline structure reference" and the errors of API CreatePipeline; the words are ours. [unconfirmed] */
export const refuseInvalid = (pipeline: PipelineDeclaration, actionTypes: ActionTypes): void => {
  const { stages } = pipeline;
  if (pipeline.artifactStore === undefined)
    refuse('InvalidStructureException', 'Pipeline must have an artifactStore or artifactStores');
  // User guide, Quotas: 2 to 50 stages.
  if (stages.length < 2 || stages.length > 50)
    refuse('InvalidStructureException', 'Pipeline has to have between 2 and 50 stages');
  refuseRepeated(
    'Stage',
    stages.map(({ name }) => name),
  );
  const produced = new Set<string>();
  const namespaces = new Set(['codepipeline', 'variables']);
  for (const [index, stage] of stages.entries()) {
    if (stage.actions.length === 0)
      refuse('InvalidStageDeclarationException', `Stage ${stage.name} must contain at least one action`);
    refuseRepeated(
      'Action',
      stage.actions.map(({ name }) => name),
    );
    for (const group of byOrder(stage.actions)) {
      for (const action of group) refuseAction(action, index, actionTypes, produced, namespaces);
      // An action's outputs are available to the actions that surely run after it: a later stage or a higher runOrder.
      for (const action of group) {
        for (const { name } of action.outputArtifacts ?? []) {
          if (produced.has(name))
            refuse('InvalidActionDeclarationException', `Output artifact ${name} is produced by more than one action`);
          produced.add(name);
        }
        if (action.namespace === undefined) continue;
        if (namespaces.has(action.namespace) || produced.has(action.namespace))
          refuse('InvalidActionDeclarationException', `Namespace ${action.namespace} is not unique in the pipeline`);
        namespaces.add(action.namespace);
      }
    }
  }
};

const refuseRepeated = (what: 'Stage' | 'Action', names: readonly string[]): void => {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`Invalid${what}DeclarationException`, `${what} name ${twice} is used more than once`);
};

export const byOrder = (actions: readonly ActionDeclaration[]): readonly (readonly ActionDeclaration[])[] =>
  [...new Set(actions.map(orderOf))]
    .sort((a, b) => a - b)
    .map((order) => actions.filter((action) => orderOf(action) === order));

const refuseAction = (
  action: ActionDeclaration,
  stageIndex: number,
  actionTypes: ActionTypes,
  produced: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): void => {
  const fault = (message: string): never => refuse('InvalidActionDeclarationException', message);
  const { category, owner, provider, version } = action.actionTypeId;
  const definition = actionTypes.find(action.actionTypeId);
  if (definition === undefined)
    throw new AwsError(
      'InvalidActionDeclarationException',
      `ActionType (Category: '${category}', Provider: '${provider}', Owner: '${owner}', Version: '${version}') in action '${action.name}' is not available in this region`,
    );
  if ((category === 'Source') !== (stageIndex === 0))
    fault(`Action ${action.name}: only the first stage contains Source actions, and it contains nothing else`);
  const counts = [
    ['input', action.inputArtifacts ?? [], definition.inputArtifactDetails],
    ['output', action.outputArtifacts ?? [], definition.outputArtifactDetails],
  ] as const;
  for (const [side, artifacts, { minimumCount, maximumCount }] of counts)
    if (artifacts.length < minimumCount || artifacts.length > maximumCount)
      fault(
        `Action ${action.name} declares ${artifacts.length} ${side} artifacts; ${minimumCount} to ${maximumCount} are allowed`,
      );
  for (const { name } of action.inputArtifacts ?? [])
    if (!produced.has(name))
      fault(`Input artifact ${name} of action ${action.name} is not produced by an earlier action`);
  const configuration = action.configuration ?? {};
  const properties = definition.configurationProperties ?? [];
  const unknown = Object.keys(configuration).filter((key) => !properties.some(({ name }) => name === key));
  const missing = properties.filter(({ name, required }) => required && configuration[name] === undefined);
  if (unknown.length > 0)
    fault(`Action configuration for action '${action.name}' contains unknown configuration '${unknown[0]}'`);
  if (missing.length > 0)
    fault(`Action configuration for action '${action.name}' is missing required configuration '${missing[0]?.name}'`);
  for (const namespace of Object.values(configuration).flatMap(namespacesIn))
    if (!namespaces.has(namespace))
      fault(`Action ${action.name} refers to namespace ${namespace}, which no earlier action declares`);
};
