//! The printed code of a table was photographed, and somebody far away keeps asking to join: the table gets
//! a new code, and nobody asks with the old one.

use super::{Restaurant, RestaurantEvent, TableCodeReissued};
use crate::{ids::TableId, refusal::Refusal};

/// Give a table a new printed code.
#[derive(Debug, Clone, PartialEq)]
pub struct ReissueTableCode {
    /// The table.
    pub table_id: TableId,
}

pub(super) fn reissue_table_code(
    restaurant: &Restaurant,
    command: &ReissueTableCode,
) -> Result<Vec<RestaurantEvent>, Refusal> {
    let issue = restaurant.code_issue(command.table_id).ok_or(Refusal::NotFound)?;
    // It would take 4,000 million commands; the last code stays then.
    let issue = issue.checked_add(1).ok_or(Refusal::NotFound)?;
    Ok(vec![TableCodeReissued { table_id: command.table_id, issue }.into()])
}

#[cfg(test)]
mod tests {
    use super::ReissueTableCode;
    use crate::{
        refusal::Refusal,
        restaurants::{Restaurant, RestaurantCommand, RestaurantCreated, RestaurantEvent, Table, TableCodeReissued},
        testing::{eur, folded, given, id, survives_a_snapshot},
    };

    fn created() -> RestaurantEvent {
        let table = |n: u128| Table { table_id: id(n), label: n.to_string(), seats: 4 };
        RestaurantCreated {
            name: "Casa Aris".into(),
            currency: eur(),
            time_zone: "Europe/Madrid".into(),
            prices_include_tax: true,
            menu_id: id(2),
            stations: vec![],
            tables: vec![table(7), table(8)],
        }
        .into()
    }

    fn reissued(n: u128, issue: u32) -> RestaurantEvent {
        TableCodeReissued { table_id: id(n), issue }.into()
    }

    fn reissue(n: u128) -> RestaurantCommand {
        RestaurantCommand::ReissueTableCode(ReissueTableCode { table_id: id(n) })
    }

    #[test]
    fn a_table_gets_one_code_after_the_other() {
        given::<Restaurant>([created()]).when(reissue(7)).then([reissued(7, 2)]);
        given::<Restaurant>([created(), reissued(7, 2)]).when(reissue(7)).then([reissued(7, 3)]);
    }

    #[test]
    fn other_tables_keep_theirs() {
        let restaurant: Restaurant = folded([created(), reissued(7, 2)]);
        assert_eq!((restaurant.code_issue(id(7)), restaurant.code_issue(id(8))), (Some(2), Some(1)));
        assert_eq!(restaurant.code_issue(id(9)), None);
        survives_a_snapshot(&restaurant);
    }

    #[test]
    fn a_table_that_is_not_there_has_no_code() {
        given::<Restaurant>([created()]).when(reissue(9)).refused(Refusal::NotFound);
        given::<Restaurant>([]).when(reissue(7)).refused(Refusal::NotFound);
    }
}
