// `import Cistern` is all that a user of the library imports.
@_exported public import CisternBytes
@_exported public import CisternConfiguration
@_exported public import CisternRESP
@_exported public import CisternRedis
@_exported public import CisternResilience
@_exported public import CisternStore
