targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment. The names of all resources are derived from it.')
param environmentName string

@minLength(1)
@description('Region of all resources. It must offer the Flex Consumption plan and the VM size of the nodes.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of whoever deploys. May upload to the storage account and look into the Batch account. Empty: nobody.')
param principalId string = ''

@allowed(['User', 'Group', 'ServicePrincipal'])
@description('What the object id is of; a pipeline deploys as a service principal.')
param principalType string = 'User'

@description('Size of the Batch nodes. It needs a temporary disk, so a d in its name, and quota in the region.')
param batchVmSize string = 'standard_d2ds_v5'

@minValue(1)
@maxValue(256)
@description('Conversions at a time on one node; at most four for each of its cores.')
param batchTaskSlotsPerNode int = 2

@minValue(1)
@maxValue(100)
@description('Most nodes that the pool grows to. When nothing is to be done it has none.')
param batchMaxNodes int = 4

@minValue(0)
@maxValue(100)
@description('Share of the nodes that is dedicated, in percent. The others are Spot nodes, which cost less and may be taken away.')
param batchDedicatedPercent int = 0

@allowed(['24', '22'])
@description('Version of Node.js that runs the app.')
param nodeVersion string = '24'

@allowed([512, 2048, 4096])
@description('Memory of an instance of the app, in MB.')
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
@description('Most instances of the app.')
param maximumInstanceCount int = 40

@minValue(0)
@maxValue(10)
@description('Instances that always run, for orchestrations and for uploads each. 0 costs nothing while idle, 1 answers without a cold start.')
param alwaysReadyInstances int = 0

@description('Who is told when something needs a person. Empty: alerts show in the portal only.')
param alertEmail string = ''

@description('Client id of an app registration in Entra ID: the page and the API are then for those who sign in with it. Empty: for those who have the key.')
param signInClientId string = ''

@description('Storage queue with a message for the end of each conversion; conversions is a good name. Empty: none.')
param notifyQueue string = ''

@secure()
@description('URL that gets a POST at the end of each conversion. Empty: none.')
param notifyUrl string = ''

@secure()
@description('Signs what is sent to notifyUrl: whsec_ and 24 to 64 random bytes in Base64.')
param notifySecret string = ''

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))
var appName = 'func-${token}'

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: { location: location, tags: tags, token: token }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: { location: location, tags: tags, token: token, appName: appName }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: { location: location, tags: tags, token: token }
}

module batch 'modules/batch.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    nodeIdentityId: identities.outputs.nodeId
    vmSize: batchVmSize
    taskSlotsPerNode: batchTaskSlotsPerNode
    maxNodes: batchMaxNodes
    dedicatedPercent: batchDedicatedPercent
  }
}

module events 'modules/events.bicep' = {
  scope: group
  params: { location: location, tags: tags, token: token, storageName: storage.outputs.name }
}

module access 'modules/access.bicep' = {
  scope: group
  params: {
    storageName: storage.outputs.name
    batchName: batch.outputs.name
    insightsName: monitoring.outputs.insightsName
    appPrincipalId: identities.outputs.appPrincipalId
    nodePrincipalId: identities.outputs.nodePrincipalId
    topicPrincipalId: events.outputs.topicPrincipalId
    personPrincipalId: principalId
    personPrincipalType: principalType
  }
}

module app 'modules/app.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: appName
    planName: 'plan-${token}'
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    storageName: storage.outputs.name
    insightsConnectionString: monitoring.outputs.insightsConnectionString
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    signInClientId: signInClientId
    notifyQueue: notifyQueue
    notifyUrl: notifyUrl
    notifySecret: notifySecret
    batchSettings: {
      BATCH_ACCOUNT_ENDPOINT: 'https://${batch.outputs.endpoint}'
      BATCH_POOL_ID: batch.outputs.poolId
      BATCH_NODE_IDENTITY_ID: identities.outputs.nodeId
      BATCH_VM_SIZE: batchVmSize
      BATCH_TASK_SLOTS_PER_NODE: string(batchTaskSlotsPerNode)
      BATCH_MAX_NODES: string(batchMaxNodes)
      BATCH_DEDICATED_PERCENT: string(batchDedicatedPercent)
    }
  }
  // The app signs in as soon as it starts.
  dependsOn: [access]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceName: monitoring.outputs.workspaceName
    batchName: batch.outputs.name
    topicName: events.outputs.topicName
    email: alertEmail
  }
}

output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_FUNCTION_APP_URL string = app.outputs.url
output AZURE_EVENT_GRID_TOPIC_NAME string = events.outputs.topicName
output AZURE_BATCH_ACCOUNT_NAME string = batch.outputs.name
output BATCH_ACCOUNT_ENDPOINT string = 'https://${batch.outputs.endpoint}'
output BATCH_POOL_ID string = batch.outputs.poolId
output BATCH_VM_SIZE string = batchVmSize
output BATCH_TASK_SLOTS_PER_NODE string = string(batchTaskSlotsPerNode)
output BATCH_MAX_NODES string = string(batchMaxNodes)
output BATCH_DEDICATED_PERCENT string = string(batchDedicatedPercent)
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name
output STORAGE__blobServiceUri string = storage.outputs.blobServiceUri
