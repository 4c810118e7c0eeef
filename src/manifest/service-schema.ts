import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { EcsService } from './manifest.ts';
import * as v from './values.ts';

const about = z.describe;

/** ECS: names of clusters and families are letters, digits, hyphens and underscores (API: CreateCluster, RegisterTaskDefinition). */
const ecsName = (what: string) => v.text(what, /^[a-zA-Z0-9_-]+$/, 255);

/** `service` of an environment in `delivery.yml`. */
export const ecsService = z.pipe(
  v
    .mapping({
      cluster: ecsName('the name of a cluster').check(about('The cluster of the service.')),
      name: v
        .resourceName('the name of a service')
        .check(
          about(
            'The service, with the deployment controller CODE_DEPLOY: letters, digits and hyphens, since the release record has its name.',
          ),
        ),
      'task-definition': ecsName('the family of a task definition').check(
        about(
          'The family of its task definitions. Each delivery registers a revision, unless a revision has the content.',
        ),
      ),
      container: z.optional(
        ecsName('the name of a container').check(
          about('The container with the model. Default: the one behind the load balancer.'),
        ),
      ),
      'model-data-variable': z.optional(
        v
          .text('the name of a variable', /^[a-zA-Z_][a-zA-Z0-9_]*$/, 255)
          .check(
            about("The container's variable that gets the address of the model data, for packages that have data."),
          ),
      ),
      application: v
        .text('the name of an application', /^\S+$/, 100)
        .check(about('The CodeDeploy application, of the compute platform ECS.')),
      'deployment-group': v
        .text('the name of a deployment group', /^\S+$/, 100)
        .check(about('The deployment group of this service. Its alarms stay armed.')),
    })
    .check(about('The service of ECS that the model is delivered to, with `target: ecs-service`.')),
  z.transform(
    ({
      'deployment-group': deploymentGroup,
      'task-definition': taskDefinition,
      'model-data-variable': modelDataVariable,
      ...raw
    }): EcsService => withoutUndefined({ ...raw, deploymentGroup, taskDefinition, modelDataVariable }),
  ),
);
