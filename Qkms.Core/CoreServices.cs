using Microsoft.Extensions.DependencyInjection;
using Qkms.Core.Administration;
using Qkms.Core.Aliases;
using Qkms.Core.ApiKeys;
using Qkms.Core.Cryptography;
using Qkms.Core.Devices;
using Qkms.Core.Encryption;
using Qkms.Core.Gates;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Macs;
using Qkms.Core.Rotations;
using Qkms.Core.Signatures;
using Qkms.Core.Tags;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core;

/// <summary>Registers the domain.</summary>
internal static class CoreServices
{
    /// <summary>Adds everything of Core; the caller adds a store, a <see cref="TimeProvider"/> and logging.</summary>
    public static IServiceCollection AddQkmsCore(
        this IServiceCollection services,
        PqcEngine engine,
        ApiKeyOptions apiKeys,
        MaterialCacheOptions materials,
        SignatureOptions signatures,
        DestructionOptions destruction,
        RotationOptions rotation,
        AuditOptions audit,
        DeviceOptions devices,
        PlanOptions plans) => services
        .AddSingleton(engine)
        .AddSingleton<SecondOpinion>()
        .AddSingleton<KeyMakers>()
        .AddSingleton(apiKeys)
        .AddSingleton<IdGenerator>()
        .AddSingleton<Keyring>()
        .AddSingleton<KeyringOpener>()
        .AddSingleton<Unsealing>()
        .AddSingleton<KeyringUpgrade>()
        .AddSingleton<RootKeyJournal>()
        .AddSingleton<IRootKeyJournal>(provider => provider.GetRequiredService<RootKeyJournal>())
        .AddSingleton<RootKeyChanges>()
        .AddSingleton<KeyringWatch>()
        .AddSingleton<KeyringRotation>()
        .AddSingleton<IFormerRows, FormerRows>()
        .AddSingleton<IFormerJournal, FormerJournal>()
        .AddSingleton<JournalWriter>()
        .AddSingleton<JournalReader>()
        .AddSingleton<JournalCursor>()
        .AddSingleton(audit)
        .AddSingleton<UseRecording>()
        .AddSingleton<RowSealer>()
        .AddSingleton<ApiKeyIssuer>()
        .AddSingleton<ApiKeyProver>()
        .AddSingleton<ApiKeyHandles>()
        .AddSingleton<ApiKeyDecoy>()
        .AddSingleton<ApiKeyUses>()
        .AddSingleton<ApiKeyAuthenticator>()
        .AddSingleton<AccessKeyAuthenticator>()
        .AddSingleton<KeysById>()
        .AddSingleton<TenantStates>()
        .AddSingleton<TenantProvisioning>()
        .AddSingleton<InitialTenant>()
        .AddSingleton<StoredDecoy>()
        .AddSingleton<DemoKeys>()
        .AddSingleton<TenantKeys>()
        .AddSingleton<KeyGenerationGate>()
        .AddSingleton<KeyRows>()
        .AddSingleton<MissingKeys>()
        .AddSingleton<ListCursor>()
        .AddSingleton<NamedKeys>()
        .AddSingleton<AliasRows>()
        .AddSingleton<KnownAliases>()
        .AddSingleton<AliasChanges>()
        .AddSingleton<AliasReader>()
        .AddSingleton<TagChanges>()
        .AddSingleton<KeyStateCache>()
        .AddSingleton<KeyResolver>()
        .AddSingleton<VersionReader>()
        .AddSingleton<PrivateKeyGate>()
        .AddSingleton<IMaterialLoader, MaterialLoader>()
        .AddSingleton(materials)
        .AddSingleton<MaterialCache>()
        .AddSingleton<WithheldTenants>()
        .AddSingleton<OperationMetrics>()
        .AddSingleton<UseRecorder>()
        .AddSingleton<KeyUses>()
        .AddSingleton<LastUses>()
        .AddSingleton<Cipher>()
        .AddSingleton<ReEncryption>()
        .AddSingleton<KemKeys>()
        .AddSingleton(signatures)
        .AddSingleton<WeakHashJournal>()
        .AddSingleton<Signer>()
        .AddSingleton<MacMaker>()
        .AddSingleton<DataKeyIssuer>()
        .AddSingleton<DataKeyPairIssuer>()
        .AddSingleton<KeyReader>()
        .AddSingleton<Changes>()
        .AddSingleton<KeptResults>()
        .AddSingleton<KeyPlanner>()
        .AddSingleton<KeyQuota>()
        .AddSingleton<KeyRemains>()
        .AddSingleton<KeyWriter>()
        .AddSingleton<StateChanges>()
        .AddSingleton<NewKeys>()
        .AddSingleton<Successors>()
        .AddSingleton<KeyRotations>()
        .AddSingleton<RotationOrders>()
        .AddSingleton<RotationJobs>()
        .AddSingleton(rotation)
        .AddSingleton<RotationScheduler>()
        .AddSingleton<KeyLifecycle>()
        .AddSingleton<KeyUpdate>()
        .AddSingleton<RotationPeriods>()
        .AddSingleton<RotationHistory>()
        .AddSingleton<KeyDestruction>()
        .AddSingleton(destruction)
        .AddSingleton<ObservedTime>()
        .AddSingleton<VersionDestruction>()
        .AddSingleton<DestructionSweep>()
        .AddSingleton<TenantKeyRotation>()
        .AddSingleton<WholeKeys>()
        .AddSingleton<KeyDeletionSweep>()
        .AddSingleton<UseTrimming>()
        .AddSingleton<RefusalJournal>()
        .AddSingleton<IntegrityAlarm>()
        .AddSingleton(devices)
        .AddSingleton<DeviceRows>()
        .AddSingleton<DeviceTurns>()
        .AddSingleton<DeviceQuota>()
        .AddSingleton<DeviceFailures>()
        .AddSingleton<DeviceWriter>()
        .AddSingleton<DeviceKeys>()
        .AddSingleton<DeviceSweep>()
        .AddSingleton(plans)
        .AddSingleton<TenantLock>()
        .AddSingleton<TenantReader>()
        .AddSingleton<TenantAdministration>()
        .AddSingleton<TenantDeletionSweep>()
        .AddSingleton<ApiKeyReader>()
        .AddSingleton<ApiKeyAdministration>()
        .AddSingleton<ApiKeyRotation>();
}
