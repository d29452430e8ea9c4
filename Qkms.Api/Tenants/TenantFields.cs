using FluentValidation;
using Qkms.Api.ApiKeys;
using Qkms.Core.Administration;
using Qkms.Core.Tenants;

namespace Qkms.Api.Tenants;

/// <summary>The name of a tenant.</summary>
internal sealed class TenantNameFieldAttribute : FieldAttribute
{
    public TenantNameFieldAttribute() =>
        (Pattern, MinLength, MaxLength, Example) =
            (ApiKeyLabelFieldAttribute.LabelPattern, 1, TenantAdministration.MaxNameLength, "Orders, production");
}

/// <summary>The plan of a tenant.</summary>
internal sealed class PlanFieldAttribute : FieldAttribute
{
    public PlanFieldAttribute() => (Words, Example) = ([.. PlanOptions.Names], "starter");
}

/// <summary>Whether a tenant may use the service.</summary>
internal sealed class TenantStateFieldAttribute : FieldAttribute
{
    private static readonly (TenantState State, string Word)[] _words =
    [
        (TenantState.Active, "active"),
        (TenantState.Suspended, "suspended"),
        (TenantState.PendingDeletion, "pending_deletion"),
        (TenantState.Deleted, "deleted"),
    ];

    public TenantStateFieldAttribute() => (Words, Example) = ([.. _words.Select(one => one.Word)], "active");

    /// <summary>The word for a state.</summary>
    public static string WordOf(TenantState state) => Array.Find(_words, one => one.State == state).Word;

    /// <summary>The state that a word names; null for another word.</summary>
    public static TenantState? Parse(string word) =>
        Array.Find(_words, one => one.Word == word) is { Word: not null } found ? found.State : null;

    /// <summary>The words, for a message.</summary>
    public static string AllWords { get; } = string.Join(", ", _words.Select(one => one.Word));
}

/// <summary>An id that an earlier answer has, in the path of a route.</summary>
internal static class TenantPath
{
    /// <summary>The example: what an earlier answer has.</summary>
    public const string Pasted = "paste-from-CreateTenant";

    /// <summary>The id. A malformed one is treated like one that does not exist.</summary>
    public static TenantId Read(string text) =>
        Guid.TryParseExact(text, "D", out Guid id) ? new TenantId(id) : throw TenantReader.NotFound();
}

/// <summary>The rules for fields of tenants.</summary>
internal static class TenantRules
{
    private static readonly string _nameRule =
        $"must have 1 to {TenantAdministration.MaxNameLength} characters, and no control characters, line ends or marks of text direction";

    private static readonly string _plans = string.Join(", ", PlanOptions.Names);

    public static IRuleBuilderOptions<T, string?> IsTenantName<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(name => name is not null).WithMessage($"is required: {_nameRule["must have ".Length..]}")
        .Must(name => name is null || ApiKeyRules.IsLabel(name)).WithMessage(_nameRule);

    public static IRuleBuilderOptions<T, string?> IsPlan<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(plan => plan is not null).WithMessage($"is required: one of {_plans}")
        .Must(plan => plan is null || PlanOptions.Names.Contains(plan, StringComparer.Ordinal)).WithMessage($"must be one of {_plans}");
}
