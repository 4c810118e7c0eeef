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
import { windowOf } from './window.ts';

const refuse = (code: string, message: string): never => {
  throw new AwsError(code, message);
};

/** User guide "Pipeline structure reference" and the errors of API CreatePipeline; the words are ours. [unconfirmed] */
export const refuseInvalid = (pipeline: PipelineDeclaration, actionTypes: ActionTypes, region: string): void => {
  const { stages } = pipeline;
  for (const member of ['artifactStores', 'triggers']) if (member in pipeline) throw notSimulated(`${member}`);
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
    refuseConditions(stage, pipeline, index, region);
    refuseRuleArtifacts(stage, ['beforeEntry'], produced);
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
    refuseRuleArtifacts(stage, ['onSuccess', 'onFailure'], produced);
  }
};

/** A rule gets artifacts of earlier stages, and after its stage also those of the stage. */
const refuseRuleArtifacts = (
  stage: StageDeclaration,
  when: readonly ('beforeEntry' | 'onSuccess' | 'onFailure')[],
  produced: ReadonlySet<string>,
): void => {
  const rules = when.flatMap((one) => (stage[one]?.conditions ?? []).flatMap(({ rules = [] }) => rules));
  for (const rule of rules)
    for (const { name } of rule.inputArtifacts ?? [])
      if (!produced.has(name))
        refuse(
          'InvalidStageDeclarationException',
          `Stage ${stage.name}: the input artifact ${name} of rule ${rule.name} is not produced by an earlier action`,
        );
};

/** User guide "Configure conditions for a stage", the considerations; "Configure a stage for automatic rollback". */
const allowedResults: Readonly<Record<'beforeEntry' | 'onSuccess' | 'onFailure', readonly ConditionResult[]>> = {
  beforeEntry: ['FAIL', 'SKIP'],
  onSuccess: ['ROLLBACK', 'FAIL'],
  onFailure: ['ROLLBACK'],
};

const refuseConditions = (
  stage: StageDeclaration,
  { executionMode }: PipelineDeclaration,
  index: number,
  region: string,
): void => {
  const fault = (message: string): never =>
    refuse('InvalidStageDeclarationException', `Stage ${stage.name}: ${message}`);
  if ('blockers' in stage) throw notSimulated('blockers');
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
        if (result === 'SKIP' && !['LambdaInvoke', 'VariableCheck'].includes(rule.ruleTypeId.provider))
          fault(`the rule ${rule.ruleTypeId.provider} cannot skip a stage`);
        refuseRule(rule, fault, region);
      }
    }
  const { result, retryConfiguration, conditions } = stage.onFailure ?? {};
  rollsBack(result);
  if (result === 'SKIP') fault('a failed stage cannot be skipped');
  // "You cannot use automatic stage retry with onFailure conditions."
  if (result === 'RETRY' && conditions !== undefined) fault('automatic retry excludes conditions for failure');
  if (retryConfiguration !== undefined && result !== 'RETRY') fault('a retry configuration needs the result RETRY');
};

interface ServedRule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly inputArtifacts?: true;
  /** It has `commands` beside its configuration. */
  readonly commands?: true;
}
/** Rule references: required and optional keys of the configuration. */
const servedRules: Readonly<Record<string, ServedRule>> = {
  VariableCheck: { required: ['Variable', 'Value', 'Operator'], optional: [] },
  CloudWatchAlarm: { required: ['AlarmName'], optional: ['WaitTime'] },
  DeploymentWindow: { required: ['Cron'], optional: ['TimeZone'] },
  LambdaInvoke: { required: ['FunctionName'], optional: ['UserParameters'], inputArtifacts: true },
  CodeBuild: {
    required: ['ProjectName'],
    optional: ['PrimarySource', 'BatchEnabled', 'CombineArtifacts', 'EnvironmentVariables'],
    inputArtifacts: true,
  },
  Commands: { required: [], optional: [], inputArtifacts: true, commands: true },
};

const refuseRule = (rule: RuleDeclaration, fault: (message: string) => never, region: string): void => {
  const { provider } = rule.ruleTypeId;
  const served = servedRules[provider];
  if (served === undefined) throw notSimulated(`the rule ${provider} of rule ${rule.name}`);
  if (rule.region !== undefined && rule.region !== region) throw notSimulated(`rule ${rule.name} in another region`);
  if (!served.inputArtifacts && (rule.inputArtifacts ?? []).length > 0)
    fault(`rule ${rule.name}: the rule ${provider} has no input artifacts`);
  if (served.commands && (rule.commands ?? []).length === 0) fault(`rule ${rule.name} is missing commands`);
  if (!served.commands && (rule.commands ?? []).length > 0)
    fault(`rule ${rule.name}: the rule ${provider} has no commands`);
  // Rule reference "Commands": "Multi-line formats are not supported and will result in an error message."
  if (rule.commands?.some((command) => command.includes('\n')))
    fault(`rule ${rule.name}: commands in more than one line are not supported`);
  const configuration = rule.configuration ?? {};
  for (const key of served.required)
    if (configuration[key] === undefined) fault(`rule ${rule.name} is missing required configuration '${key}'`);
  for (const key of Object.keys(configuration))
    if (![...served.required, ...served.optional].includes(key))
      fault(`rule ${rule.name}: the configuration '${key}' is unknown, or not simulated`);
  const isResolved = Object.values(configuration).every((value) => namespacesIn(value).length === 0);
  const window = provider === 'DeploymentWindow' && isResolved && windowOf(configuration);
  if (typeof window === 'string') fault(`rule ${rule.name}: ${window}`);
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
  const unserved = (what: string): never => {
    throw notSimulated(`${what} of action ${action.name}`);
  };
  for (const member of ['commands', 'environmentVariables', 'outputVariables']) if (member in action) unserved(member);
  if (action.region !== undefined && action.region !== region) unserved(`the region ${action.region}`);
  // API: "A timeout duration … can be applied only to manual approval actions."
  if (action.timeoutInMinutes !== undefined && !isApproval(action.actionTypeId))
    fault('timeoutInMinutes is for manual approval actions');
  const { NotificationArn, KMSEncryptionKeyARN, CannedACL, CacheControl, Extract, ObjectKey, PrimarySource } =
    action.configuration ?? {};
  if (isApproval(action.actionTypeId) && NotificationArn !== undefined) unserved('NotificationArn');
  const { owner, category, provider } = action.actionTypeId;
  if (owner !== 'AWS') return;
  if (category === 'Deploy' && provider === 'S3') {
    if ((KMSEncryptionKeyARN ?? CannedACL ?? CacheControl) !== undefined)
      unserved('KMSEncryptionKeyARN, CannedACL or CacheControl');
    // "If false, then the ObjectKey is required."
    if (Extract !== 'true' && Extract !== 'false') fault(`Extract '${Extract}' is not one of true, false`);
    if (Extract === 'false' && ObjectKey === undefined) fault("Extract 'false' needs ObjectKey");
  }
  const inputs = action.inputArtifacts ?? [];
  // "This parameter is required if multiple input artifacts are specified for a CodeBuild action."
  if (provider === 'CodeBuild' && inputs.length > 1 && !inputs.some(({ name }) => name === PrimarySource))
    fault('PrimarySource has to name one of the input artifacts');
  if (provider === 'StepFunctions') refuseInput(action, fault);
};

/** User guide "AWS Step Functions invoke action reference", `InputType`. */
const refuseInput = (
  { configuration = {}, inputArtifacts = [] }: ActionDeclaration,
  fault: (message: string) => never,
): void => {
  const { InputType = 'Literal', Input } = configuration;
  if (InputType !== 'Literal' && InputType !== 'FilePath')
    fault(`InputType '${InputType}' is not one of Literal, FilePath`);
  if (InputType === 'FilePath' && (Input === undefined || inputArtifacts.length === 0))
    fault("InputType 'FilePath' needs Input and an input artifact");
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
  if (definition === undefined && owner === 'AWS')
    throw notSimulated(`the action type ${category}/${owner}/${provider}/${version} of action ${action.name}`);
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
