using System.Globalization;
using System.Security.Cryptography;
using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Installation;

/// <summary>
/// Makes and changes tenants, with the key that wraps a tenant's private keys, and API keys: each with its journal entry, which names the
/// seal of the row that it leaves behind.
/// </summary>
internal sealed class TenantProvisioning(
    ITenantRepository tenants,
    ICredentialRepository credentials,
    IKeyringRepository keyringRepository,
    JournalWriter journal,
    Keyring keyring,
    RowSealer sealer,
    ApiKeyIssuer issuer,
    ApiKeyAuthenticator authenticator,
    MaterialCache materials,
    TenantStates states,
    IdGenerator ids,
    TimeProvider time)
{
    private const long FirstAccountNumber = 100_000_000_000;
    private const long AccountNumbers = 900_000_000_000;

    /// <summary>A tenant that is not stored yet.</summary>
    public Tenant Plan(string name, string plan) => new()
    {
        Id = new TenantId(ids.Next()),
        AccountId = NewAccountId(),
        Name = name,
        State = TenantState.Active,
        Plan = plan,
        CreatedAt = time.GetUtcMilliseconds(),
    };

    /// <summary>The same tenant for whose account id another draw is needed: somebody has it.</summary>
    public static Tenant WithNewAccountId(Tenant planned) => planned with { AccountId = NewAccountId() };

    /// <summary>An API key that is not stored yet.</summary>
    public NewApiKey PlanApiKey(Tenant tenant, string label, Roles roles) => issuer.Issue(tenant.Id, label, roles);

    /// <summary>Stores a tenant with its wrapping key; false when its name or account id is taken.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="actor">Who makes it; null = the service itself.</param>
    /// <param name="reason">What else the journal says of it.</param>
    /// <param name="operators">The tenant of the operator, whose journal tells of it too; null = of none.</param>
    public async Task<bool> TryAddAsync(
        IKmsSession session, Tenant tenant, JournalActor? actor = null, string? reason = null, TenantId? operators = null)
    {
        Sealed<Tenant> row = sealer.Seal(tenant);
        if (!await tenants.InsertAsync(session, row))
            return false;

        await keyringRepository.InsertAsync(session, keyring.CreateTenantKey(tenant.Id));
        await journal.BeginAsync(session, tenant.Id);
        await TellAsync(session, actor, JournalActions.TenantCreated, row, reason, operators);
        return true;
    }

    /// <summary>Stores an API key.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="apiKey">The API key.</param>
    /// <param name="actor">Who makes it; null = the service itself.</param>
    /// <param name="reason">What else the journal says of it.</param>
    /// <exception cref="InvalidOperationException">Its id is taken, which chance alone does not bring about.</exception>
    public async Task AddAsync(IKmsSession session, NewApiKey apiKey, JournalActor? actor = null, string? reason = null)
    {
        if (!await credentials.InsertAsync(session, apiKey.Credential))
            throw new InvalidOperationException("An API key with that id exists already.");

        Credential credential = apiKey.Credential.UnverifiedRow;
        JournalEvent created =
            Entry(actor, credential.TenantId, JournalActions.ApiKeyCreated, credential.Id.ToString(), apiKey.Credential.Seal, reason);
        await journal.AppendAsync(session, created);
    }

    /// <summary>Writes a tenant that was changed, which holds here from the commit on; false when it is not there.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="changed">The tenant.</param>
    /// <param name="actor">Who changes it; null = the service itself.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reason">What the journal says of it.</param>
    /// <param name="operators">The tenant of the operator, whose journal tells of it too; null = of none.</param>
    public async Task<bool> UpdateAsync(
        IKmsSession session,
        Tenant changed,
        JournalActor? actor = null,
        string action = JournalActions.TenantUpdated,
        string? reason = null,
        TenantId? operators = null)
    {
        Sealed<Tenant> row = sealer.Seal(changed);
        if (!await tenants.UpdateAsync(session, row))
            return false;

        session.OnCommitted(authenticator.ForgetAll);
        session.OnCommitted(states.ForgetAll);
        if (changed.State != TenantState.Active)
            session.OnCommitted(() => materials.Drop([changed.Id]));

        await TellAsync(session, actor, action, row, reason, operators);
        return true;
    }

    // In the order of the tenants, so that no two units wait for each other.
    private async Task TellAsync(
        IKmsSession session, JournalActor? actor, string action, Sealed<Tenant> row, string? reason, TenantId? operators)
    {
        TenantId subject = row.UnverifiedRow.Id;
        TenantId[] readers = operators is { } other && other != subject ? [subject, other] : [subject];
        foreach (TenantId reader in readers.OrderBy(id => id.Value))
        {
            await journal.AppendAsync(session, Entry(actor, reader, action, subject.ToString(), row.Seal, reason));

            // Writes and uses that go on meanwhile are committed before this, or see it: TenantStates.
            if (reader == subject && row.UnverifiedRow.State != TenantState.Active)
                await journal.HoldUsesAsync(session, subject);
        }
    }

    /// <summary>Writes an API key that was changed, which holds here from the commit on; false when it is not there.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="changed">The API key.</param>
    /// <param name="actor">Who changes it; null = the service itself.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reason">What the journal says of it.</param>
    public async Task<bool> UpdateAsync(
        IKmsSession session,
        Credential changed,
        JournalActor? actor = null,
        string action = JournalActions.ApiKeyUpdated,
        string? reason = null)
    {
        Sealed<Credential> row = sealer.Seal(changed);
        if (!await credentials.UpdateAsync(session, row))
            return false;

        session.OnCommitted(authenticator.ForgetAll);
        await journal.AppendAsync(session, Entry(actor, changed.TenantId, action, changed.Id.ToString(), row.Seal, reason));
        return true;
    }

    /// <summary>The same for a row that the unit holds.</summary>
    /// <exception cref="SealBrokenException">It is gone.</exception>
    public async Task MustUpdateAsync(IKmsSession session, Credential changed, JournalActor actor, string action, string? reason)
    {
        if (!await UpdateAsync(session, changed, actor, action, reason))
            throw new SealBrokenException(changed.LogName);
    }

    private JournalEvent Entry(
        JournalActor? actor, TenantId tenantId, string action, string subject, byte[] seal, string? reason = null)
    {
        JournalActor who = actor ?? JournalActor.System("provisioning");
        return new JournalEvent
        {
            Id = ids.Next(),
            TenantId = tenantId,
            Time = time.GetUtcMilliseconds(),
            Action = action,
            ActorKind = who.Kind,
            ActorId = who.Id,
            To = subject,
            Reason = reason is { Length: > JournalEvent.MaxReasonLength } ? reason[..JournalEvent.MaxReasonLength] : reason,
            RequestId = who.RequestId,
            ServerRequestId = who.ServerRequestId,
            RowSeal = seal,
        };
    }

    private static string NewAccountId()
    {
        // The bias of the remainder over 2^64 is below 2^-24, and the number is no secret.
        ulong draw = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        return (FirstAccountNumber + (long)(draw % (ulong)AccountNumbers)).ToString(CultureInfo.InvariantCulture);
    }
}
