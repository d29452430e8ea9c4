using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>
/// Makes, changes and withdraws the API keys of a tenant, under the lock of <see cref="TenantLock"/>: counts are exact, and an API key that
/// was revoked or narrowed a moment ago, on whatever node, leaves nothing behind.
/// </summary>
internal sealed class ApiKeyAdministration(
    IKmsStore store,
    ICredentialRepository credentials,
    ApiKeyReader reader,
    TenantLock tenantLock,
    TenantProvisioning provisioning,
    ApiKeyIssuer issuer,
    ApiKeyUses uses,
    Changes changes,
    PlanOptions plans,
    TimeProvider time)
{
    /// <summary>The longest label, in characters.</summary>
    public const int MaxLabelLength = 128;

    /// <summary>The longest life, in years.</summary>
    public const int MaxYears = 100;

    /// <summary>Makes an API key.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotPermitted"/>: it would do more than the caller's; <see cref="KmsErrors.QuotaExceeded"/>;
    /// <see cref="KmsErrors.Invalid"/> for a time that has come.
    /// </exception>
    public Task<Done<NewApiKeyResult>> CreateAsync(
        Caller caller, CreateApiKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken) => changes.OnceAsync(
            caller,
            request,
            () =>
            {
                command.Grants.Check(caller);
                return Task.CompletedTask;
            },
            () => CreateNowAsync(caller, command, request, cancellationToken),
            cancellationToken);

    private async Task<Done<NewApiKeyResult>> CreateNowAsync(
        Caller caller, CreateApiKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        ApiKeyGrants grants = command.Grants;
        grants.Check(caller);
        CheckExpiry(command.ExpiresAt, time.GetUtcMilliseconds());

        // Who finds the plan used up need not wait for others; what counts is the look under the lock.
        await store.ReadAsync(
            async session =>
            {
                await RequirePlaceAsync(session, await tenantLock.FindAsync(session, caller));
                return true;
            },
            cancellationToken);
        NewApiKey made = issuer.Issue(
            caller.TenantId,
            command.Label,
            grants.Roles,
            Words.Join(grants.Permissions),
            Words.Join(grants.KeyNames),
            command.ExpiresAt,
            command.Kind);
        return await made.OrDisposeAsync(async () =>
        {
            Credential credential = made.Credential.UnverifiedRow;
            PlannedChange<NewApiKeyResult> plan = new(
                new NewApiKeyResult(ApiKeyInfo.Of(credential), made.Text),
                credential.CreatedAt,
                async session =>
                {
                    (Tenant tenant, Caller current) = await tenantLock.EnterAsync(session, caller, Permission.ApiKeysCreate);
                    grants.Check(current);
                    await RequirePlaceAsync(session, tenant);
                    await provisioning.AddAsync(session, made, JournalActor.Of(caller), ApiKeyEvents.Describe(credential));
                    return true;
                });
            return await changes.WriteAsync(caller, request, plan, () => Task.FromResult(plan), cancellationToken);
        });
    }

    /// <summary>Changes label, narrowing and expiry. Where nothing changes nothing is written.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.ApiKeyState"/>, <see cref="KmsErrors.LastAdminApiKey"/>,
    /// <see cref="KmsErrors.NotPermitted"/>, <see cref="KmsErrors.QuotaExceeded"/>, <see cref="KmsErrors.Invalid"/>.
    /// </exception>
    public Task<Done<ApiKeyInfo>> UpdateAsync(
        Caller caller, CredentialId id, UpdateApiKeyCommand command, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        ApiKeyChange change = new(
            Permission.ApiKeysUpdate, JournalActions.ApiKeyUpdated, MayAdd: true, Transition, ApiKeyEvents.DescribeChange);
        return ChangeAsync(caller, id, change, request, cancellationToken);

        Credential Transition(Credential before, DateTimeOffset now)
        {
            ApiKeyStates.RequireChangeable(before, now);
            DateTimeOffset? expiresAt = command.ExpiresAt.Or(before.ExpiresAt);
            if (expiresAt != before.ExpiresAt)
                CheckExpiry(expiresAt, now);

            return before with
            {
                Label = command.Label ?? before.Label,
                Permissions = command.Permissions.Or(before.Permissions),
                KeyScope = command.KeyNames.Or(before.KeyScope),
                ExpiresAt = expiresAt,
            };
        }
    }

    /// <summary>Switches an API key off; one that is off stays as it is.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.ApiKeyState"/>, <see cref="KmsErrors.LastAdminApiKey"/>,
    /// <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<ApiKeyInfo>> DisableAsync(
        Caller caller, CredentialId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken) => ChangeAsync(
            caller,
            id,
            new ApiKeyChange(
                Permission.ApiKeysDisable,
                JournalActions.ApiKeyDisabled,
                MayAdd: false,
                (before, now) => Changeable(before, now) with { State = CredentialState.Disabled },
                (_, _) => reason),
            request,
            cancellationToken);

    /// <summary>Switches an API key on again; one that is on stays as it is.</summary>
    /// <exception cref="KmsException">As above, and <see cref="KmsErrors.QuotaExceeded"/>.</exception>
    public Task<Done<ApiKeyInfo>> EnableAsync(
        Caller caller, CredentialId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken) => ChangeAsync(
            caller,
            id,
            new ApiKeyChange(
                Permission.ApiKeysDisable,
                JournalActions.ApiKeyEnabled,
                MayAdd: true,
                (before, now) => Changeable(before, now) with { State = CredentialState.Active },
                (_, _) => reason),
            request,
            cancellationToken);

    /// <summary>Withdraws an API key for good; one that is revoked stays as it is.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.LastAdminApiKey"/>, <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<ApiKeyInfo>> RevokeAsync(
        Caller caller, CredentialId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken) => ChangeAsync(
            caller,
            id,
            new ApiKeyChange(
                Permission.ApiKeysRevoke,
                JournalActions.ApiKeyRevoked,
                MayAdd: false,
                (before, _) => before with { State = CredentialState.Revoked },
                (_, _) => reason),
            request,
            cancellationToken);

    private Task<Done<ApiKeyInfo>> ChangeAsync(
        Caller caller, CredentialId id, ApiKeyChange change, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => reader.FindAsync(session, caller, id), cancellationToken),
            async () => await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken),
            cancellationToken);

        async Task<PlannedChange<ApiKeyInfo>> PlanAsync()
        {
            (Credential before, DateTimeOffset? lastUsedAt) = await store.ReadAsync(
                async session => (
                    await reader.FindAsync(session, caller, id), await credentials.FindLastUseAsync(session, caller.TenantId, id)),
                cancellationToken);
            DateTimeOffset now = time.GetUtcMilliseconds();
            Credential after = change.Transition(before, now);
            return new PlannedChange<ApiKeyInfo>(
                ApiKeyInfo.Of(after, uses.Latest(id, lastUsedAt)),
                now,
                session => TryChangeAsync(session, caller, before, after, change));
        }
    }

    private async Task<bool> TryChangeAsync(
        IKmsSession session, Caller caller, Credential before, Credential after, ApiKeyChange change)
    {
        (Tenant tenant, Caller current) = await tenantLock.EnterAsync(session, caller, change.Permission);
        if (!await tenantLock.HoldsAsync(session, before))
            return false;

        RequireAuthorityOver(current, before);
        if (change.MayAdd)
            ApiKeyGrants.Of(after).Check(current);

        if (RowSealer.SayTheSame(before, after))
            return true;

        DateTimeOffset now = time.GetUtcMilliseconds();
        if (after.TakesPlaceAt(now) && !before.TakesPlaceAt(now))
            await RequirePlaceAsync(session, tenant);

        if (before.AdministersAt(now)
            && !after.AdministersAt(now)
            && !await credentials.HasOtherAdminAsync(session, before.TenantId, before.Id, now))
            throw KmsErrors.LastAdminApiKey.Refusal();

        await provisioning.MustUpdateAsync(session, after, JournalActor.Of(caller), change.Action, change.ReasonOf(before, after));
        return true;
    }

    private async Task RequirePlaceAsync(IKmsSession session, Tenant tenant)
    {
        int most = plans.Of(tenant.Plan).MaxApiKeys;
        if (most > 0 && await credentials.CountPlacesAsync(session, tenant.Id, time.GetUtcMilliseconds()) >= most)
            throw KmsErrors.QuotaExceeded.With(
                $"The plan '{tenant.Plan}' allows {most} active API {(most == 1 ? "key" : "keys")}: revoke or disable one first.");
    }

    // Whoever may switch off or revoke may do so to API keys that may do more, which stops things and gives nothing; an operator's stands
    // above the tenant.
    private static void RequireAuthorityOver(Caller current, Credential credential)
    {
        if (credential.Roles.HasFlag(Roles.Operator) && !current.Access.Roles.HasFlag(Roles.Operator))
            throw KmsErrors.NotPermitted.With("Only an operator changes the API key of an operator.");
    }

    private static Credential Changeable(Credential credential, DateTimeOffset now)
    {
        ApiKeyStates.RequireChangeable(credential, now);
        return credential;
    }

    private static void CheckExpiry(DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (expiresAt is { } at && (at <= now || at > now.AddYears(MaxYears)))
            throw KmsErrors.Invalid.With(
                $"'expires_at' must be in the future, at most {MaxYears} years ahead.",
                new FieldError("expires_at", $"must be in the future, at most {MaxYears} years ahead"));
    }

    /// <summary>A change of one API key.</summary>
    /// <param name="Permission">What it needs.</param>
    /// <param name="Action">What happens, for the journal.</param>
    /// <param name="MayAdd">Whether the API key may do more afterwards than before, so that the caller has to hold all of it.</param>
    /// <param name="Transition">The next row at a time, or a refusal.</param>
    /// <param name="ReasonOf">What the journal says of it.</param>
    private sealed record ApiKeyChange(
        Permission Permission,
        string Action,
        bool MayAdd,
        Func<Credential, DateTimeOffset, Credential> Transition,
        Func<Credential, Credential, string?> ReasonOf);
}
