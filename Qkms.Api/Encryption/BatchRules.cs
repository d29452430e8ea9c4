using FluentValidation;

namespace Qkms.Api.Encryption;

/// <summary>The rules of batches.</summary>
internal static class BatchRules
{
    /// <summary>Maximum number of items in a batch.</summary>
    public const int MaxItems = 1000;

    /// <summary>The message for more, or none.</summary>
    public static readonly string WrongCount = $"must have 1 to {MaxItems} items";

    /// <summary>
    /// 1 to 1,000 items, each checked by <paramref name="check"/>, which returns the member at fault and a message. The refusal
    /// names the first bad item.
    /// </summary>
    public static void IsBatch<T, TItem>(this IRuleBuilder<T, IReadOnlyList<TItem?>?> rule, Action<TItem, Action<string, string>> check)
        where TItem : class => rule.IsBatch((_, item, refuse) => check(item, refuse));

    /// <summary>The same where what an item may be depends on the request.</summary>
    public static void IsBatch<T, TItem>(this IRuleBuilder<T, IReadOnlyList<TItem?>?> rule, Action<T, TItem, Action<string, string>> check)
        where TItem : class => rule.Custom((items, context) =>
        {
            if (items is null)
                return;

            // More are refused while they are read: see BatchConverter.
            if (items.Count == 0)
                context.AddFailure(WrongCount);

            bool refused = false;
            for (int i = 0; i < items.Count && !refused; i++)
            {
                string path = $"items[{i}]";
                if (items[i] is { } item)
                    check(context.InstanceToValidate, item, (member, message) => Refuse($"{path}.{member}", message));
                else
                    Refuse(path, "must be a JSON object");
            }

            void Refuse(string field, string message)
            {
                refused = true;
                context.AddFailure(new FluentValidation.Results.ValidationFailure(field, message));
            }
        });
}
