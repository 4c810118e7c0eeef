import {
  BootstraplessSynthesizer,
  CfnCondition,
  CfnParameter,
  type CfnParameterProps,
  Fn,
  type IStackSynthesizer,
  Stack,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** A template that needs no bootstrap of the account: this synthesizer refuses every asset. Code lies in a bucket that a parameter names. */
export const openTemplate = (app: Construct, name: string, description: string): Stack =>
  // Its type has an optional member that the interface declares otherwise (exactOptionalPropertyTypes).
  new Stack(app, name, { description, synthesizer: new BootstraplessSynthesizer() as IStackSynthesizer });

/** A parameter of the template, with a description for the person who deploys it. */
export const parameter = (stack: Stack, name: string, props: CfnParameterProps): CfnParameter =>
  new CfnParameter(stack, name, { type: 'String', ...props });

/** Whether a parameter that may be left out was given. */
export const given = (stack: Stack, name: string, { valueAsString }: CfnParameter): CfnCondition =>
  new CfnCondition(stack, name, { expression: Fn.conditionNot(Fn.conditionEquals(valueAsString, '')) });

/** Whether a parameter with the values `yes` and `no` is `yes`. */
export const isYes = (stack: Stack, name: string, { valueAsString }: CfnParameter): CfnCondition =>
  new CfnCondition(stack, name, { expression: Fn.conditionEquals(valueAsString, 'yes') });

export const yesOrNo: CfnParameterProps = { allowedValues: ['yes', 'no'] };

/** `value` where the condition holds, nothing elsewhere. Written out: a list that holds it stays a list. */
export const onlyIf = (condition: string, value: unknown): object => ({
  'Fn::If': [condition, value, { Ref: 'AWS::NoValue' }],
});

export const sub = (text: string): object => ({ 'Fn::Sub': text });
