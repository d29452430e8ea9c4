using System.Globalization;
using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>
/// Makes, shows and changes the API keys of a tenant. Every change locks the tenant's row first, and looks at the caller's own API key
/// under that lock: counts are exact, and one that was revoked or narrowed a moment ago, on whatever node, leaves nothing behind.
/// </summary>
internal sealed class ApiKeyAdministration(
    IKmsStore store,
    ITenantRepository tenants,
    ICredentialRepository credentials,
    TenantProvisioning provisioning,
    ApiKeyIssuer issuer,
    ApiKeyUses uses,
    Changes changes,
    RowSealer sealer,
    KeyListCursor cursors,
    PlanOptions plans,
    TimeProvider time)
{
    /// <summary>The longest label, in characters.</summary>
    public const int MaxLabelLength = 128;

    /// <summary>The longest grace of a rotation.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(7);

    /// <summary>The grace of the API key that makes the request: it goes on while its own replacement is brought to where it is used.</summary>
    public static readonly TimeSpan OwnGrace = TimeSpan.FromHours(24);

    /// <summary>The longest life, in years.</summary>
    public const int MaxYears = 100;

    private const string List = "api-keys";
    private const int PageSize = 1000;

    /// <summary>An API key of the caller's tenant.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="SealBrokenException">Its row does not match its seal.</exception>
    public Task<ApiKeyInfo> GetAsync(Caller caller, CredentialId id, CancellationToken cancellationToken) => store.ReadAsync(
        async session =>
        {
            Credential found = await FindAsync(session, caller, id);
            return ApiKeyInfo.Of(found, uses.Latest(id, await credentials.FindLastUseAsync(session, caller.TenantId, id)));
        },
        cancellationToken);

    /// <summary>
    /// One page of the API keys that the caller may know of, newest first. A row whose seal is broken is named apart and hides no other.
    /// </summary>
    /// <param name="caller">Whose API keys.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.</exception>
    public async Task<ApiKeyPage> ListAsync(Caller caller, string? cursor, int limit, CancellationToken cancellationToken)
    {
        CredentialId? before = cursor is null ? null : new CredentialId(cursors.Read(List, caller.TenantId, cursor));
        List<ApiKeyInfo> shown = [];
        List<CredentialId> unreadable = [];
        CredentialId? last = null;
        IReadOnlyList<StoredApiKeyUse> page;
        do
        {
            page = await store.ReadAsync(
                session => credentials.ListAsync(session, caller.TenantId, before, PageSize), cancellationToken);
            foreach (StoredApiKeyUse row in page)
            {
                CredentialId id = row.Credential.UnverifiedRow.Id;
                Credential? credential = sealer.TryOpen(row.Credential);
                before = id;
                if (credential is null ? !caller.Access.Scope.IsAll : !IsKnownTo(caller, credential))
                    continue;

                // One more than was asked for: there is a next page, and it begins behind the last one that is shown.
                if (shown.Count + unreadable.Count == limit)
                    return Page(cursors.Write(List, caller.TenantId, last!.Value.Value));

                last = id;
                if (credential is null)
                    unreadable.Add(id);
                else
                    shown.Add(ApiKeyInfo.Of(credential, uses.Latest(id, row.LastUsedAt)));
            }
        }
        while (page.Count == PageSize);

        return Page(next: null);

        ApiKeyPage Page(string? next) => new(shown, unreadable, next);
    }

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
        NewApiKey made = issuer.Issue(
            caller.TenantId,
            command.Label,
            grants.Roles,
            Words.Join(grants.Permissions),
            Words.Join(grants.KeyNames),
            command.ExpiresAt);
        return await OrDisposeAsync(made, async () =>
        {
            Credential credential = made.Credential.UnverifiedRow;
            PlannedChange<NewApiKeyResult> plan = new(
                new NewApiKeyResult(ApiKeyInfo.Of(credential), made.Text),
                credential.CreatedAt,
                async session =>
                {
                    (Tenant tenant, Caller current) = await EnterAsync(session, caller, Permission.ApiKeysCreate);
                    grants.Check(current);
                    await RequirePlaceAsync(session, tenant);
                    await provisioning.AddAsync(session, made, JournalActor.Of(caller), Describe(credential));
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
        ApiKeyChange change = new(Permission.ApiKeysUpdate, JournalActions.ApiKeyUpdated, MayAdd: true, Transition, DescribeChange);
        return ChangeAsync(caller, id, change, request, cancellationToken);

        Credential Transition(Credential before, DateTimeOffset now)
        {
            RequireChangeable(before, now);
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

    /// <summary>Makes an API key that may do the same and takes the place of another one, which ends after a grace.</summary>
    /// <param name="caller">Who replaces it.</param>
    /// <param name="id">The API key.</param>
    /// <param name="grace">
    /// How long the old one goes on, at most <see cref="MaxGrace"/>; null = <see cref="OwnGrace"/> for the caller's own, and not at all for
    /// others.
    /// </param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.ApiKeyState"/>, <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<RotatedApiKey>> RotateAsync(
        Caller caller, CredentialId id, TimeSpan? grace, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken),
            () => RotateNowAsync(
                caller, id, grace ?? (id == caller.CredentialId ? OwnGrace : TimeSpan.Zero), request, cancellationToken),
            cancellationToken);

    private async Task<Done<RotatedApiKey>> RotateNowAsync(
        Caller caller, CredentialId id, TimeSpan grace, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        Credential first = await store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken);
        RequireRotatable(first, time.GetUtcMilliseconds());
        NewApiKey issued = issuer.Issue(caller.TenantId, first.Label, first.Roles);
        return await OrDisposeAsync(
            issued,
            async () => await changes.WriteAsync(
                caller,
                request,
                Plan(first),
                async () => Plan(await store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken)),
                cancellationToken));

        PlannedChange<RotatedApiKey> Plan(Credential old)
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            RequireRotatable(old, now);

            // Its life is as long as the old one's, counted from now on.
            Credential successor = issued.Credential.UnverifiedRow with
            {
                Label = old.Label,
                Roles = old.Roles,
                Permissions = old.Permissions,
                KeyScope = old.KeyScope,
                CreatedAt = now,
                ExpiresAt = old.ExpiresAt is { } expires ? now + (expires - old.CreatedAt) : null,
            };
            NewApiKey made = issued with { Credential = sealer.Seal(successor) };
            Credential replaced = old with { GraceUntil = now + grace, SuccessorId = successor.Id };
            NewApiKeyResult result = new(ApiKeyInfo.Of(successor), issued.Text);
            return new PlannedChange<RotatedApiKey>(
                new RotatedApiKey(result, ApiKeyInfo.Of(replaced)), now, session => TryRotateAsync(session, caller, old, replaced, made));
        }
    }

    private async Task<bool> TryRotateAsync(IKmsSession session, Caller caller, Credential old, Credential replaced, NewApiKey made)
    {
        (_, Caller current) = await EnterAsync(session, caller, Permission.ApiKeysRotate);
        if (!await HoldsAsync(session, old))
            return false;

        // Whoever rotates it gets to know an API key that may do what the old one may.
        GrantsOf(old).Check(current);
        JournalActor actor = JournalActor.Of(caller);
        Credential successor = made.Credential.UnverifiedRow;
        await provisioning.AddAsync(session, made, actor, $"replaces {old.Id}; {Describe(successor)}");
        string reason = $"replaced by {successor.Id}; ends at {Text(replaced.EndsAt)}";
        await UpdateAsync(session, replaced, actor, JournalActions.ApiKeyRotated, reason);

        // At most two of one chain can be used at a time, so that rotations do not add to what the plan allows.
        if (await credentials.FindPredecessorAsync(session, old.TenantId, old.Id) is { } row
            && sealer.Open(row) is { } predecessor
            && predecessor.IsUsableAt(time.GetUtcMilliseconds()))
        {
            await UpdateAsync(
                session,
                predecessor with { State = CredentialState.Revoked },
                actor,
                JournalActions.ApiKeyRevoked,
                $"its successor {old.Id} was replaced");
        }

        return true;
    }

    private Task<Done<ApiKeyInfo>> ChangeAsync(
        Caller caller, CredentialId id, ApiKeyChange change, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken),
            async () => await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken),
            cancellationToken);

        async Task<PlannedChange<ApiKeyInfo>> PlanAsync()
        {
            (Credential before, DateTimeOffset? lastUsedAt) = await store.ReadAsync(
                async session => (await FindAsync(session, caller, id), await credentials.FindLastUseAsync(session, caller.TenantId, id)),
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
        (Tenant tenant, Caller current) = await EnterAsync(session, caller, change.Permission);
        if (!await HoldsAsync(session, before))
            return false;

        RequireAuthorityOver(current, before);
        if (change.MayAdd)
            GrantsOf(after).Check(current);

        if (RowSealer.SayTheSame(before, after))
            return true;

        DateTimeOffset now = time.GetUtcMilliseconds();
        if (after.TakesPlaceAt(now) && !before.TakesPlaceAt(now))
            await RequirePlaceAsync(session, tenant);

        if (before.AdministersAt(now)
            && !after.AdministersAt(now)
            && !await credentials.HasOtherAdminAsync(session, before.TenantId, before.Id, now))
            throw KmsErrors.LastAdminApiKey.Refusal();

        await UpdateAsync(session, after, JournalActor.Of(caller), change.Action, change.ReasonOf(before, after));
        return true;
    }

    private async Task UpdateAsync(IKmsSession session, Credential changed, JournalActor actor, string action, string? reason)
    {
        if (!await provisioning.UpdateAsync(session, changed, actor, action, reason))
            throw new SealBrokenException(changed.LogName);
    }

    // The tenant's row is locked until the unit ends.
    private async Task<(Tenant Tenant, Caller Current)> EnterAsync(IKmsSession session, Caller caller, Permission permission)
    {
        Tenant tenant = sealer.Open(
            await tenants.LockAsync(session, caller.TenantId) ?? throw new SealBrokenException($"tenant {caller.TenantId}"));
        if (tenant.State != TenantState.Active)
            throw KmsErrors.TenantSuspended.Refusal();

        Credential own = await credentials.FindAsync(session, caller.TenantId, caller.CredentialId) is { } row
            ? sealer.Open(row)
            : throw KmsErrors.Unauthenticated.Refusal();
        if (!own.IsUsableAt(time.GetUtcMilliseconds()))
            throw KmsErrors.Unauthenticated.Refusal();

        Caller current = caller with { Access = new Access(own.Roles, own.Permissions, own.KeyScope) };
        current.Require(permission);
        return (tenant, current);
    }

    private async Task<bool> HoldsAsync(IKmsSession session, Credential read) =>
        await credentials.LockAsync(session, read.TenantId, read.Id) is { Seal.Length: > 0 } row
        && RowSealer.SayTheSame(read, row.UnverifiedRow);

    private async Task RequirePlaceAsync(IKmsSession session, Tenant tenant)
    {
        int most = plans.Of(tenant.Plan).MaxApiKeys;
        if (most > 0 && await credentials.CountPlacesAsync(session, tenant.Id, time.GetUtcMilliseconds()) >= most)
            throw KmsErrors.QuotaExceeded.With(
                $"The plan '{tenant.Plan}' allows {most} active API {(most == 1 ? "key" : "keys")}: revoke or disable one first.");
    }

    private async Task<Credential> FindAsync(IKmsSession session, Caller caller, CredentialId id)
    {
        if (await credentials.FindAsync(session, caller.TenantId, id) is not { } row)
            throw NotFound();

        Credential credential = sealer.Open(row);
        return credential.LookupId != ApiKeyDecoy.LookupId && IsKnownTo(caller, credential) ? credential : throw NotFound();
    }

    // An API key that is limited to key names knows of itself, and of those that are within its own.
    private static bool IsKnownTo(Caller caller, Credential credential) =>
        credential.Id == caller.CredentialId || caller.Access.Scope.Covers(GrantsOf(credential).Scope);

    private static ApiKeyGrants GrantsOf(Credential credential) =>
        new(credential.Roles, Words.Split(credential.Permissions), Words.Split(credential.KeyScope));

    // Whoever may switch off or revoke may do so to API keys that may do more, which stops things and gives nothing; an operator's stands
    // above the tenant.
    private static void RequireAuthorityOver(Caller current, Credential credential)
    {
        if (credential.Roles.HasFlag(Roles.Operator) && !current.Access.Roles.HasFlag(Roles.Operator))
            throw KmsErrors.NotPermitted.With("Only an operator changes the API key of an operator.");
    }

    private static Credential Changeable(Credential credential, DateTimeOffset now)
    {
        RequireChangeable(credential, now);
        return credential;
    }

    private static void RequireChangeable(Credential credential, DateTimeOffset now)
    {
        if (ApiKeyInfo.Of(credential).StatusAt(now) == ApiKeyStatus.Revoked)
            throw KmsErrors.ApiKeyState.With("The API key is revoked: it can no longer be changed.");

        if (credential.SuccessorId is { } successor)
            throw KmsErrors.ApiKeyState.With(
                $"The API key was replaced by {successor}, and ends at {Text(credential.EndsAt)}: it can only be revoked.");
    }

    private static void RequireRotatable(Credential credential, DateTimeOffset now)
    {
        RequireChangeable(credential, now);
        if (!credential.IsUsableAt(now))
            throw KmsErrors.ApiKeyState.With("The API key is disabled or expired: only one that can be used is rotated.");
    }

    private static void CheckExpiry(DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (expiresAt is { } at && (at <= now || at > now.AddYears(MaxYears)))
            throw KmsErrors.Invalid.With(
                $"'expires_at' must be in the future, at most {MaxYears} years ahead.",
                new FieldError("expires_at", $"must be in the future, at most {MaxYears} years ahead"));
    }

    /// <summary>The refusal of an API key that is not there for the caller.</summary>
    public static KmsException NotFound() => KmsErrors.NotFound.With("There is no such API key.");

    private static async Task<T> OrDisposeAsync<T>(NewApiKey made, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    // For the journal.
    private static string Describe(Credential made) => string.Join(
        ", ",
        [
            $"roles {made.Roles}".ToLowerInvariant(),
            .. made.Permissions is null ? Array.Empty<string>() : ["narrowed to operations"],
            .. made.KeyScope is null ? Array.Empty<string>() : ["narrowed to key names"],
            $"expires_at {Text(made.ExpiresAt)}",
        ]);

    private static string DescribeChange(Credential before, Credential after)
    {
        List<string> parts = [];
        if (before.Label != after.Label)
            parts.Add("label");

        if (before.Permissions != after.Permissions)
            parts.Add("permissions");

        if (before.KeyScope != after.KeyScope)
            parts.Add("key_names");

        if (before.ExpiresAt != after.ExpiresAt)
            parts.Add($"expires_at {Text(before.ExpiresAt)} to {Text(after.ExpiresAt)}");

        return string.Join(", ", parts);
    }

    private static string Text(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) ?? "none";

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

/// <summary>One page of API keys.</summary>
/// <param name="ApiKeys">The API keys, newest first.</param>
/// <param name="Unreadable">Those of the page whose row's seal does not hold.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record ApiKeyPage(IReadOnlyList<ApiKeyInfo> ApiKeys, IReadOnlyList<CredentialId> Unreadable, string? NextCursor);
