param location string
param tags object
param token string
param workspaceName string
param batchName string
param topicName string
param email string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: workspaceName }

resource batch 'Microsoft.Batch/batchAccounts@2025-06-01' existing = { name: batchName }

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = { name: topicName }

var savedQueries = [
  { name: 'ended', title: 'Conversions that ended', query: loadTextContent('../queries/ended.kql') }
  { name: 'throughput', title: 'Throughput by hour', query: loadTextContent('../queries/throughput.kql') }
  { name: 'failures', title: 'Failures by code', query: loadTextContent('../queries/failures.kql') }
  { name: 'queueAge', title: 'Time in the queue', query: loadTextContent('../queries/queueAge.kql') }
  {
    name: 'sweepFoundFiles'
    title: 'Files that the sweep found'
    query: loadTextContent('../queries/sweepFoundFiles.kql')
  }
  { name: 'nodeHours', title: 'Node-hours by day', query: loadTextContent('../queries/nodeHours.kql') }
]

// They are in the workspace, under Logs, Queries, category mp3drop.
resource queries 'Microsoft.OperationalInsights/workspaces/savedSearches@2025-07-01' = [
  for item in savedQueries: {
    parent: workspace
    name: 'mp3drop-${item.name}'
    properties: { category: 'mp3drop', displayName: 'mp3drop: ${item.title}', query: item.query }
  }
]

resource batchMetrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'node-counts'
  scope: batch
  properties: {
    workspaceId: workspace.id
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'mp3drop'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var actions = empty(email) ? [] : [people.id]

resource sweepFoundFiles 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'sweep-found-files-${token}'
  location: location
  tags: tags
  properties: {
    displayName: 'mp3drop: the sweep found files, so events do not arrive'
    description: 'Run azd hooks run postdeploy: it renews the subscription with the key of the app. Then look into the container undelivered.'
    severity: 2
    enabled: true
    scopes: [workspace.id]
    evaluationFrequency: 'PT30M'
    windowSize: 'PT1H'
    criteria: {
      allOf: [
        {
          query: loadTextContent('../queries/sweepFoundFiles.kql')
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    actions: { actionGroups: actions }
  }
}

resource failureShare 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'failure-share-${token}'
  location: location
  tags: tags
  properties: {
    displayName: 'mp3drop: more than a fifth of the conversions failed, and not for their files'
    description: 'The query Failures by code in the workspace says what failed. docs/failures.md says what to do about each.'
    severity: 2
    enabled: true
    scopes: [workspace.id]
    evaluationFrequency: 'PT30M'
    windowSize: 'PT1H'
    criteria: {
      allOf: [
        {
          query: loadTextContent('../queries/failureShare.kql')
          timeAggregation: 'Maximum'
          metricMeasureColumn: 'failedPercent'
          operator: 'GreaterThan'
          threshold: 20
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    actions: { actionGroups: actions }
  }
}

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'dead-letters-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'mp3drop: events could not be delivered and are in the container undelivered. Their files are found by the sweep.'
    severity: 2
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead letters'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [for id in actions: { actionGroupId: id }]
  }
}

// The app reboots broken nodes, and then removes them. What is still broken after an hour needs a person.
resource brokenNodes 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for metric in ['StartTaskFailedNodeCount', 'UnusableNodeCount']: {
    name: '${metric}-${token}'
    location: 'global'
    tags: tags
    properties: {
      description: 'mp3drop: nodes of the pool are broken and could not be repaired. The status of a waiting conversion says why.'
      severity: 2
      enabled: true
      scopes: [batch.id]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT1H'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: metric
            metricName: metric
            timeAggregation: 'Minimum'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: [for id in actions: { actionGroupId: id }]
    }
  }
]
