import { answerHook, type HookContext } from '../../src/hosts/codedeploy/hook.ts';

/** A lifecycle hook of CodeDeploy, by the name of `CodeDeployHook_*`. */
export const handler = (event: unknown, context: HookContext): Promise<void> => answerHook(event, context, process.env);
