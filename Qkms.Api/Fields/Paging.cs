using FluentValidation;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Fields;

/// <summary>The cursor of a list.</summary>
internal sealed class CursorFieldAttribute : FieldAttribute
{
    public CursorFieldAttribute()
    {
        Pattern = Base64UrlFieldAttribute.Base64Url;
        MinLength = MaxLength = ListCursor.TextLength;
        Example = "AZj1wn0efDqbVC8Mah6NN3tEhtv2uHkoVcqiNM1f0zq7S2hYw5uE4pGkTnXbR9oC";
    }
}

/// <summary>The rule for how many entries a page of a list has.</summary>
internal static class PagingRules
{
    public static IRuleBuilderOptions<T, QueryInteger?> IsPageLimit<T>(this IRuleBuilder<T, QueryInteger?> rule, int most) => rule
        .Must(limit => limit is null || (limit.Value.Value >= 1 && limit.Value.Value <= most))
        .WithMessage($"must be a whole number from 1 to {most}");
}
