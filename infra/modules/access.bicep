param storageName string
param batchName string
param insightsName string
param appPrincipalId string
param nodePrincipalId string
param topicPrincipalId string
param personPrincipalId string
param personPrincipalType string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  // The Functions host needs more than Contributor: it takes leases on blobs.
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  // The blob trigger and the Durable extension keep their work in queues and tables.
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  azureBatchDataContributor: '6aaa78f1-f7de-44ca-8722-c64a23943cae'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

var appRolesOnStorage = [
  roles.storageBlobDataOwner
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

var containerRoles = [
  { container: 'input', role: roles.storageBlobDataReader, principal: nodePrincipalId }
  { container: 'application', role: roles.storageBlobDataReader, principal: nodePrincipalId }
  { container: 'work', role: roles.storageBlobDataContributor, principal: nodePrincipalId }
  { container: 'undelivered', role: roles.storageBlobDataContributor, principal: topicPrincipalId }
]

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = [for item in containerRoles: { name: item.container }]
  }
}

resource batch 'Microsoft.Batch/batchAccounts@2025-06-01' existing = { name: batchName }

resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }

resource appOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appRolesOnStorage: {
    name: guid(storage.id, appPrincipalId, role)
    scope: storage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, index) in containerRoles: {
    name: guid(storage.id, item.container, item.principal, item.role)
    scope: storage::blobs::container[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
      principalId: item.principal
      principalType: 'ServicePrincipal'
    }
  }
]

resource appOnBatch 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(batch.id, appPrincipalId, roles.azureBatchDataContributor)
  scope: batch
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.azureBatchDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource appOnInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, appPrincipalId, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource personOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(personPrincipalId)) {
  name: guid(storage.id, personPrincipalId, roles.storageBlobDataContributor)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
    principalId: personPrincipalId
    principalType: personPrincipalType
  }
}

resource personOnBatch 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(personPrincipalId)) {
  name: guid(batch.id, personPrincipalId, roles.azureBatchDataContributor)
  scope: batch
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.azureBatchDataContributor)
    principalId: personPrincipalId
    principalType: personPrincipalType
  }
}
