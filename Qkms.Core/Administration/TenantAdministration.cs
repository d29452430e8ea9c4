using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>
/// Makes and changes tenants for operators. Such changes go one after the other, on whatever nodes; the operator's own API key and tenant
/// are looked at again in each of them. The journals of both tenants tell of it.
/// </summary>
internal sealed partial class TenantAdministration(
    IKmsStore store,
    ITenantRepository tenants,
    TenantReader reader,
    TenantLock tenantLock,
    TenantProvisioning provisioning,
    Changes changes,
    TimeProvider time)
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    private const string InitialLabel = "initial";

    /// <summary>Makes a tenant with its key and its first API key, all or nothing.</summary>
    /// <param name="caller">The operator.</param>
    /// <param name="name">A name for people.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantNameTaken"/>, <see cref="KmsErrors.NotPermitted"/>.</exception>
    public Task<Done<NewTenantResult>> CreateAsync(
        Caller caller, string name, string plan, RepeatableRequest? request, CancellationToken cancellationToken) => changes.OnceAsync(
            caller,
            request,
            () => Task.CompletedTask,
            () => CreateNowAsync(caller, name, plan, request, cancellationToken),
            cancellationToken);

    private async Task<Done<NewTenantResult>> CreateNowAsync(
        Caller caller, string name, string plan, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        Tenant tenant = provisioning.Plan(name, plan);
        NewApiKey apiKey = provisioning.PlanApiKey(tenant, InitialLabel, Roles.Admin);
        return await apiKey.OrDisposeAsync(
            async () => await changes.WriteAsync(
                caller,
                request,
                Planned(tenant),
                () => Task.FromResult(Planned(TenantProvisioning.WithNewAccountId(tenant))),
                cancellationToken));

        PlannedChange<NewTenantResult> Planned(Tenant made)
        {
            Credential credential = apiKey.Credential.UnverifiedRow;
            NewTenantResult result = new(TenantInfo.Of(made), new NewApiKeyResult(ApiKeyInfo.Of(credential), apiKey.Text));
            return new PlannedChange<NewTenantResult>(result, made.CreatedAt, session => TryCreateAsync(session, caller, made, apiKey));
        }
    }

    private async Task<bool> TryCreateAsync(IKmsSession session, Caller caller, Tenant tenant, NewApiKey apiKey)
    {
        await tenants.LockNamesAsync(session);
        await tenantLock.EnterAsync(session, caller, Permission.TenantsCreate);
        await RequireNameAsync(session, tenant);
        JournalActor actor = JournalActor.Of(caller);
        string reason = $"account {tenant.AccountId}, plan {tenant.Plan}";
        if (!await provisioning.TryAddAsync(session, tenant, actor, reason, caller.TenantId))
            return false;

        await provisioning.AddAsync(session, apiKey, actor, ApiKeyEvents.Describe(apiKey.Credential.UnverifiedRow));
        return true;
    }

    /// <summary>Changes name and plan. Where nothing changes nothing is written.</summary>
    /// <param name="caller">The operator.</param>
    /// <param name="id">The tenant.</param>
    /// <param name="name">The new name; null = as it is.</param>
    /// <param name="plan">The new plan; null = as it is.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.TenantNameTaken"/>, <see cref="KmsErrors.TenantState"/>: it is deleted;
    /// <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<TenantInfo>> UpdateAsync(
        Caller caller, TenantId id, string? name, string? plan, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        TenantChange change = new(
            Permission.TenantsUpdate,
            (before, after) => before.Plan == after.Plan ? JournalActions.TenantUpdated : JournalActions.TenantPlanChanged,
            before =>
            {
                RequireThere(before);
                return before with { Name = name ?? before.Name, Plan = plan ?? before.Plan };
            },
            DescribeUpdate);
        return ChangeAsync(caller, id, change, request, cancellationToken);
    }

    /// <summary>
    /// Suspends a tenant: from the commit on no node lets any of its API keys in, or commits a write or a use of theirs. One that is
    /// suspended stays as it is.
    /// </summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.OwnTenant"/>, <see cref="KmsErrors.TenantState"/>: it is deleted, or
    /// waits for that; <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<TenantInfo>> SuspendAsync(
        Caller caller, TenantId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        TenantChange change = new(
            Permission.TenantsSuspend,
            (_, _) => JournalActions.TenantSuspended,
            before => id == caller.TenantId
                ? throw KmsErrors.OwnTenant.With("An operator does not suspend the tenant of his own API key, which would shut him out.")
                : Changeable(before) with { State = TenantState.Suspended },
            (_, _) => reason);
        return ChangeAsync(caller, id, change, request, cancellationToken);
    }

    /// <summary>Lets a suspended tenant in again; one that is active stays as it is.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.TenantState"/> as above, <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<TenantInfo>> ResumeAsync(
        Caller caller, TenantId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        TenantChange change = new(
            Permission.TenantsSuspend,
            (_, _) => JournalActions.TenantResumed,
            before => Changeable(before) with { State = TenantState.Active },
            (_, _) => reason);
        return ChangeAsync(caller, id, change, request, cancellationToken);
    }

    private Task<Done<TenantInfo>> ChangeAsync(
        Caller caller, TenantId id, TenantChange change, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => reader.FindAsync(session, id), cancellationToken),
            async () => await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken),
            cancellationToken);

        async Task<PlannedChange<TenantInfo>> PlanAsync()
        {
            Tenant before = await store.ReadAsync(session => reader.FindAsync(session, id), cancellationToken);
            Tenant after = change.Transition(before);
            return new PlannedChange<TenantInfo>(
                TenantInfo.Of(after),
                time.GetUtcMilliseconds(),
                session => TryChangeAsync(session, caller, before, after, change));
        }
    }

    private async Task<bool> TryChangeAsync(IKmsSession session, Caller caller, Tenant before, Tenant after, TenantChange change)
    {
        await tenants.LockNamesAsync(session);
        await tenantLock.EnterAsync(session, caller, change.Permission, before.Id);
        if (await tenants.FindAsync(session, before.Id) is not { Seal.Length: > 0 } row
            || !RowSealer.SayTheSame(before, row.UnverifiedRow))
            return false;

        if (RowSealer.SayTheSame(before, after))
            return true;

        if (after.Name != before.Name)
            await RequireNameAsync(session, after);

        JournalActor actor = JournalActor.Of(caller);
        string action = change.ActionOf(before, after);
        return await provisioning.UpdateAsync(session, after, actor, action, change.ReasonOf(before, after), caller.TenantId)
            ? true
            : throw new SealBrokenException(after.LogName);
    }

    private async Task RequireNameAsync(IKmsSession session, Tenant tenant)
    {
        if (await tenants.IsNameTakenAsync(session, tenant.Name, tenant.Id))
            throw KmsErrors.TenantNameTaken.With("Another tenant has this name.", new FieldError("name", "is the name of another tenant"));
    }

    private static string? DescribeUpdate(Tenant before, Tenant after) => string.Join(
        ", ",
        [
            .. before.Plan == after.Plan ? Array.Empty<string>() : [$"plan {before.Plan} to {after.Plan}"],
            .. before.Name == after.Name ? Array.Empty<string>() : ["name"],
        ]);

    /// <summary>A change of one tenant.</summary>
    /// <param name="Permission">What it needs.</param>
    /// <param name="ActionOf">What happens, for the journal.</param>
    /// <param name="Transition">The next row, or a refusal.</param>
    /// <param name="ReasonOf">What the journal says of it.</param>
    private sealed record TenantChange(
        Permission Permission,
        Func<Tenant, Tenant, string> ActionOf,
        Func<Tenant, Tenant> Transition,
        Func<Tenant, Tenant, string?> ReasonOf);
}
