param location string
param tags object
@minLength(13)
param token string
param nodeIdentityId string
param vmSize string
param taskSlotsPerNode int
param maxNodes int
param dedicatedPercent int

var image = { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' }

// What a pool was made of cannot be changed, so another choice is another pool. The old one falls to no nodes by itself.
var poolToken = take(uniqueString(vmSize, string(image), string(taskSlotsPerNode)), 6)

// The start task and the formula are those of the app, src/azure/batch/poolStartTask.ts and poolFormula.ts, so that a pool is
// right before the app has seen it. A test compares them. The app brings a pool with its marks up to date.
var marks = [
  { name: 'mp3drop-scaling', value: 'bicep' }
  { name: 'mp3drop-start-task', value: 'bicep' }
]
var startTask = '/bin/bash -c \'set -e; { ffmpeg -version && ffprobe -version; } || { DEBIAN_FRONTEND=noninteractive timeout 1200 apt-get -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive timeout 1200 apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends ffmpeg; }; { ffmpeg -version && ffprobe -version; }\''

var maxDedicated = dedicatedPercent == 0 ? 0 : max(1, (maxNodes * dedicatedPercent + 50) / 100)
var maxSpot = maxNodes - maxDedicated
var lookBack = '5 * TimeInterval_Minute'
var filledNodes = join(map(range(0, maxNodes), node => '(tasks > ${node * taskSlotsPerNode})'), ' + ')
var missingSpot = maxSpot == 0 || maxDedicated == 0
  ? ['missing = 0;']
  : [
      'isPreemptionKnown = $PreemptedNodeCount.GetSamplePercent(${lookBack}) >= 20;'
      'preempted = isPreemptionKnown ? max(0, $PreemptedNodeCount.GetSample(1)) : 0;'
      'missing = min(spotNodes, max(0, $TargetLowPriorityNodes - $CurrentLowPriorityNodes + preempted));'
    ]
var formula = join(
  flatten([
    [
      'hadNodes = $TargetDedicatedNodes + $TargetLowPriorityNodes;'
      'isKnown = $PendingTasks.GetSamplePercent(${lookBack}) >= 20;'
      'tasksNow = isKnown ? max(0, $PendingTasks.GetSample(1)) : max(1, hadNodes) * ${taskSlotsPerNode};'
      'tasksLately = isKnown ? max(0, $PendingTasks.GetSample(${lookBack})) : 0;'
      'tasks = max(tasksNow, min(tasksLately, hadNodes * ${taskSlotsPerNode}));'
      'nodes = ${filledNodes};'
      'spotNodes = min(${maxSpot}, nodes);'
    ]
    missingSpot
    [
      '$TargetLowPriorityNodes = spotNodes;'
      '$TargetDedicatedNodes = min(${maxDedicated}, nodes - spotNodes + missing);'
      '$NodeDeallocationOption = taskcompletion;'
    ]
  ]),
  '\n'
)

resource account 'Microsoft.Batch/batchAccounts@2025-06-01' = {
  name: 'ba${token}'
  location: location
  tags: tags
  properties: {
    poolAllocationMode: 'BatchService'
    allowedAuthenticationModes: ['AAD']
    publicNetworkAccess: 'Enabled'
  }

  resource pool 'pools' = {
    name: 'mp3drop-${poolToken}'
    // Only a pool that is made here can have an identity; one made through the Batch API cannot.
    // https://learn.microsoft.com/azure/batch/managed-identity-pools
    identity: { type: 'UserAssigned', userAssignedIdentities: { '${nodeIdentityId}': {} } }
    properties: {
      displayName: 'mp3drop'
      metadata: marks
      vmSize: vmSize
      taskSlotsPerNode: taskSlotsPerNode
      deploymentConfiguration: {
        virtualMachineConfiguration: { imageReference: image, nodeAgentSkuId: 'batch.node.ubuntu 24.04' }
      }
      startTask: {
        commandLine: startTask
        userIdentity: { autoUser: { scope: 'Pool', elevationLevel: 'Admin' } }
        maxTaskRetryCount: 5
        waitForSuccess: true
      }
      scaleSettings: { autoScale: { evaluationInterval: 'PT5M', formula: formula } }
    }
  }
}

output name string = account.name
output endpoint string = account.properties.accountEndpoint
output poolId string = account::pool.name
