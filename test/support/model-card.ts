/** Each member of AWS's schema. */
export const fullCard = {
  model_overview: { model_creator: 'ML platform', model_artifact: ['s3://ml/a.tar.gz'] },
  intended_uses: {
    purpose_of_model: 'rank customers',
    intended_uses: 'retention; never prices',
    factors_affecting_model_efficiency: 'seasons',
    risk_rating: 'High',
    explanations_for_risk_rating: 'it decides about people',
  },
  business_details: { business_problem: 'churn', business_stakeholders: 'sales', line_of_business: 'telecom' },
  training_details: {
    objective_function: { function: { function: 'Minimize', facet: 'loss' }, notes: 'log loss' },
    training_observations: 'converged',
    training_job_details: {
      training_arn: 'arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn',
      training_datasets: ['s3://ml/train.csv'],
      training_environment: { container_image: ['churn:1'] },
      training_metrics: [{ name: 'loss', value: 0.1, notes: 'final' }],
      user_provided_training_metrics: [],
      hyper_parameters: [{ name: 'depth', value: '5' }],
      user_provided_hyper_parameters: [],
    },
  },
  evaluation_details: [
    {
      name: 'holdout',
      evaluation_observation: 'as expected',
      evaluation_job_arn: 'arn:aws:sagemaker:eu-west-1:111122223333:processing-job/evaluate',
      datasets: ['s3://ml/test.csv'],
      metadata: { split: 'time' },
      metric_groups: [
        {
          name: 'quality',
          metric_data: [
            { name: 'auc', type: 'number', value: 0.9, notes: 'area', x_axis_name: 'x', y_axis_name: 'y' },
            { name: 'passed', type: 'boolean', value: true },
            { name: 'grade', type: 'string', value: 'A' },
            {
              name: 'roc',
              type: 'linear_graph',
              value: [
                [0, 0],
                [1, 1],
              ],
            },
            { name: 'counts', type: 'bar_chart', value: [1, 2], x_axis_name: ['no', 'yes'] },
            {
              name: 'confusion',
              type: 'matrix',
              value: [
                [1, 2],
                [3, 4],
              ],
            },
          ],
        },
      ],
    },
  ],
  additional_information: {
    ethical_considerations: 'fairness was measured',
    caveats_and_recommendations: 'retrain each quarter',
    custom_details: { team: 'growth' },
  },
};
