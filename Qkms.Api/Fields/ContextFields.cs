using FluentValidation;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Fields;

/// <summary>The encryption context of a request: a map of strings.</summary>
internal static class ContextFields
{
    /// <summary>A context that has a canonical form.</summary>
    public static void IsContext<T>(this IRuleBuilder<T, Dictionary<string, string?>?> rule) => rule.Custom((members, context) =>
    {
        if (!EncryptionContext.TryCreate(members, out _, out string? problem))
            context.AddFailure(problem);
    });

    /// <summary>The context of a map that was checked.</summary>
    public static EncryptionContext ToContext(this Dictionary<string, string?>? members) =>
        EncryptionContext.TryCreate(members, out EncryptionContext? context, out _) ? context : throw new InvalidOperationException("The request was not validated.");
}
