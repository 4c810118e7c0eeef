import { AwsError } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { ActionTypes } from './action-types.ts';
import {
  type ActionDeclaration,
  type ConditionResult,
  isApproval,
  orderOf,
  type PipelineDeclaration,
  type RuleDeclaration,
  type StageDeclaration,
} from './model.ts';
import { namespacesIn } from './variables.ts';

const refuse = (code: string, message: string): never => {
  throw new AwsError(code, message);
};

/** User guide "Pipeline structure reference" and the errors of API CreatePipeline; the words are ours. [unconfirmed] */
export const refuseInvalid = (pipeline: PipelineDeclaration, actionTypes: ActionTypes, region: string): void => {
  const { stages } = pipeline;
  for (const member of ['artifactStores', 'triggers'])
    if (member in pipeline) throw notSimulated(`codepipeline, member ${member}`);
  // User guide "Pipeline types": these features need a pipeline of type V2.
  const ofTypeTwo = [
    (pipeline.executionMode ?? 'SUPERSEDED') !== 'SUPERSEDED' && `executionMode ${pipeline.executionMode}`,
    pipeline.variables !== undefined && 'variables',
    stages.some(({ beforeEntry, onSuccess, onFailure }) => beforeEntry ?? onSuccess ?? onFailure) && 'stage conditions',
  ].find((feature) => feature !== false);
  if (ofTypeTwo !== undefined && pipeline.pipelineType !== 'V2')
    refuse('InvalidStructureException', `Pipelines with ${ofTypeTwo} have to be of type V2`);
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
    refuseConditions(stage, pipeline, index);
    refuseRepeated(
      'Action',
      stage.actions.map(({ name }) => name),
    );
    for (const group of byOrder(stage.actions)) {
      for (const action of group) {
        refuseUnserved(action, region);
        refuseAction(action, index, actionTypes, produced, namespaces);
      }
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

/** User guide "Configure conditions for a stage", the considerations; "Configure a stage for automatic rollback". */
const allowedResults: Readonly<Record<'beforeEntry' | 'onSuccess' | 'onFailure', readonly ConditionResult[]>> = {
  beforeEntry: ['FAIL', 'SKIP'],
  onSuccess: ['ROLLBACK', 'FAIL'],
  onFailure: ['ROLLBACK'],
};

const refuseConditions = (stage: StageDeclaration, { executionMode }: PipelineDeclaration, index: number): void => {
  const fault = (message: string): never =>
    refuse('InvalidStageDeclarationException', `Stage ${stage.name}: ${message}`);
  if ('blockers' in stage) throw notSimulated('codepipeline, member blockers');
  const rollsBack = (result: ConditionResult | undefined): void => {
    if (result !== 'ROLLBACK') return;
    // "failure conditions with a rollback result type cannot be added to a PARALLEL mode pipeline"
    if (executionMode === 'PARALLEL') fault('a stage cannot be rolled back in PARALLEL mode');
    if (index === 0) fault('the source stage cannot be rolled back');
  };
  for (const when of ['beforeEntry', 'onSuccess', 'onFailure'] as const)
    for (const { result, rules = [] } of stage[when]?.conditions ?? []) {
      if (result === undefined || !allowedResults[when].includes(result))
        fault(`the result ${result} is not one of ${allowedResults[when].join(', ')} for ${when}`);
      if (rules.length === 0) fault(`the condition ${when} has no rules`);
      rollsBack(result);
      for (const rule of rules) {
        // "For Entry conditions that use the Skip result …, only the LambdaInvoke and VariableCheck rules are supported."
        if (result === 'SKIP' && rule.ruleTypeId.provider === 'CloudWatchAlarm')
          fault('the rule CloudWatchAlarm cannot skip a stage');
        refuseRule(rule, fault);
      }
    }
  const { result, retryConfiguration, conditions } = stage.onFailure ?? {};
  rollsBack(result);
  if (result === 'SKIP') fault('a failed stage cannot be skipped');
  // "You cannot use automatic stage retry with onFailure conditions."
  if (result === 'RETRY' && conditions !== undefined) fault('automatic retry excludes conditions for failure');
  if (retryConfiguration !== undefined && result !== 'RETRY') fault('a retry configuration needs the result RETRY');
};

/** Rule references "VariableCheck" and "CloudWatchAlarm": required and optional keys of the configuration. */
const servedRules: Readonly<
  Record<string, { readonly required: readonly string[]; readonly optional: readonly string[] }>
> = {
  VariableCheck: { required: ['Variable', 'Value', 'Operator'], optional: [] },
  CloudWatchAlarm: { required: ['AlarmName'], optional: ['WaitTime'] },
};

const refuseRule = (rule: RuleDeclaration, fault: (message: string) => never): void => {
  const { provider } = rule.ruleTypeId;
  const served = servedRules[provider];
  if (served === undefined) throw notSimulated(`codepipeline, the rule ${provider}`);
  for (const member of ['commands', 'inputArtifacts', 'timeoutInMinutes'])
    if (member in rule && JSON.stringify(rule[member as keyof RuleDeclaration]) !== '[]')
      throw notSimulated(`codepipeline, member ${member} of a rule`);
  const configuration = rule.configuration ?? {};
  for (const key of served.required)
    if (configuration[key] === undefined) fault(`rule ${rule.name} is missing required configuration '${key}'`);
  for (const key of Object.keys(configuration))
    if (![...served.required, ...served.optional].includes(key))
      fault(`rule ${rule.name}: the configuration '${key}' is unknown, or not simulated`);
  const { Operator, WaitTime } = configuration;
  if (Operator !== undefined && !['EQ', 'NE', 'CONTAINS', 'MATCHES'].includes(Operator))
    fault(`rule ${rule.name}: '${Operator}' is not one of EQ, NE, CONTAINS, MATCHES`);
  if (WaitTime !== undefined && !/^\d+$/.test(WaitTime))
    fault(`rule ${rule.name}: WaitTime '${WaitTime}' is no number`);
  // AWS: Java's syntax, of which JavaScript's is taken here.
  if (Operator === 'MATCHES' && !isExpression(configuration['Value'] ?? ''))
    fault(`rule ${rule.name}: '${configuration['Value']}' is no regular expression`);
};

const isExpression = (text: string): boolean => {
  try {
    return new RegExp(text) !== undefined;
  } catch {
    return false;
  }
};

/** Members of an action that AWS has for others of its actions. */
const refuseUnserved = (action: ActionDeclaration, region: string): void => {
  const fault = (message: string): never =>
    refuse('InvalidActionDeclarationException', `Action ${action.name}: ${message}`);
  for (const member of ['commands', 'environmentVariables', 'outputVariables'])
    if (member in action) throw notSimulated(`codepipeline, member ${member}`);
  if (action.region !== undefined && action.region !== region)
    throw notSimulated('codepipeline, actions in another region');
  // API: "A timeout duration … can be applied only to manual approval actions."
  if (action.timeoutInMinutes !== undefined && !isApproval(action.actionTypeId))
    fault('timeoutInMinutes is for manual approval actions');
  if (isApproval(action.actionTypeId) && action.configuration?.['NotificationArn'] !== undefined)
    throw notSimulated('codepipeline, NotificationArn of an approval');
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
