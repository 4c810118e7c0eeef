import { AwsError, type Handler, type Kernel } from '../../contracts.ts';
import { deniedByResource } from '../../iam/across.ts';
import { actionOf } from '../../request-log.ts';

/** A function that is named by the ARN of another region, or of another account, which no policy opens here. */
export const inPlace = (
  kernel: Kernel,
  operations: Readonly<Record<string, Handler>>,
): Readonly<Record<string, Handler>> =>
  Object.fromEntries(
    Object.entries(operations).map(([name, handler]): [string, Handler] => [
      name,
      (input: { readonly FunctionName?: string }, call) => {
        const { FunctionName: given = '' } = input;
        const [, region = kernel.region, account = kernel.accountId] =
          /^arn:[a-z-]+:lambda:([a-z0-9-]+):(\d{12}):/.exec(given) ?? [];
        // Words seen in the field (alexcasalboni/aws-lambda-power-tuning#18).
        if (region !== kernel.region)
          throw new AwsError(
            'ResourceNotFoundException',
            `Functions from '${region}' are not reachable in this region ('${kernel.region}')`,
            404,
          );
        if (account !== kernel.accountId) {
          const { code, message } = deniedByResource(call.principal, actionOf('lambda', name), given, 'silent');
          throw new AwsError(code, message, 403);
        }
        return handler(input, call);
      },
    ]),
  );
